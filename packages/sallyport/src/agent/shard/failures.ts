/** Per tunnel: what log lines told of the last failure, and step by step what was tried and came back. */
import { diagnosisOfAlert } from '../../drivers/strongswan/causes/alert-diagnoses.ts';
import { isTrueWhileUp, outranks } from '../../drivers/strongswan/causes/cause-rank.ts';
import type { CauseCode } from '../../drivers/strongswan/causes/cause-texts.ts';
import { toCause } from '../../drivers/strongswan/causes/causes.ts';
import type { Diagnosis } from '../../drivers/strongswan/causes/diagnosis.ts';
import { LogReader } from '../../drivers/strongswan/causes/log-reader.ts';
import { Trail, TrailReader } from '../../drivers/strongswan/causes/trail.ts';
import { Closings } from '../../drivers/strongswan/sas/closings.ts';
import { once } from '../../lib/once.ts';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import type { Cause } from '../../status/host-report.ts';
import type { TrailStep } from '../../status/why/explanation.ts';

/** A specific diagnosis stands against general ones for so long. */
const SPECIFIC_MILLISECONDS = 60_000;
/** IKE SAs whose lines are followed at once. */
const MAX_READERS = 4096;
/** So often within ten minutes no tunnel ends for a reason that has passed. */
const FLAPPING_CLOSINGS = 5;

export interface LogLine {
  readonly ikeName?: string;
  readonly ikeUniqueId?: string;
  readonly text: string;
}

interface Noted {
  readonly diagnosis: Diagnosis;
  readonly at: number;
  readonly cause: Cause;
}

interface Readers {
  readonly diagnoses: LogReader;
  readonly steps: TrailReader;
}

export class Failures {
  readonly #noted = new Map<string, Noted>();
  readonly #trails = new Map<string, Trail>();
  /** By tunnel: unique id of the IKE SA that came up last. */
  readonly #newest = new Map<string, string>();
  readonly #closings = new Map<string, Closings>();
  /** Tunnels of the last packet that was handed to the socket. */
  #lastSent: readonly TunnelPlan[] = [];
  /** By unique id of the IKE SA; the least recently used one comes first. */
  readonly #readers = new Map<string, Readers>();

  /** Reads one log line; returns the names of the tunnels it explains a failure of. */
  readLine(line: LogLine, tunnels: readonly TunnelPlan[], now: Date): string[] {
    const { diagnoses, steps } = this.#readersOf(line.ikeUniqueId ?? '');
    const told = diagnoses.read(line.text, now);
    const diagnosis = told !== undefined && 'code' in told ? told : undefined;
    const step = steps.read(line.text) ?? (diagnosis === undefined ? undefined : line.text);
    const concerned = this.#concernedBy(
      line,
      diagnosis?.peer ?? diagnoses.caller,
      indexOf(tunnels),
    );
    const failed: string[] = [];
    for (const tunnel of concerned) {
      const { name } = tunnel;
      if (step !== undefined) this.addStep(name, step, now);
      if (told === undefined) continue;
      if ('mends' in told) this.#mend(name, told.mends);
      else if ('established' in told) this.#newest.set(name, told.established);
      else if (told.endsSa !== true) this.note(tunnel, told, now);
      else if (!this.#noteClosing(tunnel, line, told, now)) continue;
      if (diagnosis !== undefined) failed.push(name);
    }
    return failed;
  }

  /** Reads an alert about an SA of the connection; returns the names of the tunnels it explains a failure of. */
  readAlert(alert: string, ikeName: string, tunnels: readonly TunnelPlan[], now: Date): string[] {
    const tunnel = indexOf(tunnels).byName.get(ikeName);
    const diagnosis = diagnosisOfAlert(alert);
    if (tunnel === undefined || diagnosis === undefined) return [];
    this.note(tunnel, diagnosis, now);
    return [ikeName];
  }

  note(tunnel: TunnelPlan, diagnosis: Diagnosis, now: Date): void {
    const before = this.#noted.get(tunnel.name);
    // Below zero where the clock was set back meanwhile.
    const age = now.getTime() - (before?.at ?? 0);
    const isRecent = before !== undefined && age >= 0 && age < SPECIFIC_MILLISECONDS;
    if (!isRecent || outranks(diagnosis, before.diagnosis)) this.#set(tunnel, diagnosis, now);
  }

  #set(tunnel: TunnelPlan, diagnosis: Diagnosis, now: Date): void {
    const cause = toCause(diagnosis, tunnel, now.toISOString());
    this.#noted.set(tunnel.name, { diagnosis, at: now.getTime(), cause });
  }

  #mend(tunnel: string, code: CauseCode): void {
    if (this.#noted.get(tunnel)?.diagnosis.code === code) this.#noted.delete(tunnel);
  }

  /** False where an SA ended that another one has taken the place of. */
  #noteClosing(tunnel: TunnelPlan, line: LogLine, diagnosis: Diagnosis, now: Date): boolean {
    const newest = this.#newest.get(tunnel.name);
    if (newest !== undefined && newest !== line.ikeUniqueId) return false;
    const closings = this.#closings.get(tunnel.name) ?? new Closings();
    this.#closings.set(tunnel.name, closings);
    if (newest !== undefined) closings.add(now.getTime());
    const count = closings.countAt(now.getTime());
    const before = this.#noted.get(tunnel.name);
    if (count >= FLAPPING_CLOSINGS) {
      this.note(tunnel, { ...diagnosis, code: 'ike/flapping', named: [String(count)] }, now);
    } else if (before === undefined || !this.#isTrueWhileUp(tunnel.name, before, now)) {
      this.note(tunnel, diagnosis, now);
    }
    return true;
  }

  #isTrueWhileUp(tunnel: string, { diagnosis }: Noted, now: Date): boolean {
    if (diagnosis.code !== 'ike/flapping') return isTrueWhileUp(diagnosis.code);
    return this.#closings.get(tunnel)?.isGoingOnAt(now.getTime()) ?? false;
  }

  /** Something was done about the tunnel, or came back. */
  addStep(tunnel: string, text: string, now: Date): void {
    const trail = this.#trails.get(tunnel) ?? new Trail();
    this.#trails.set(tunnel, trail);
    trail.add(text, now.toISOString());
  }

  causeOf(tunnel: string): Cause | undefined {
    return this.#noted.get(tunnel)?.cause;
  }

  /** Names of the tunnels that do not come up for this cause. */
  tunnelsWith(code: CauseCode): ReadonlySet<string> {
    return new Set(
      [...this.#noted].flatMap(([name, { cause }]) => (cause.code === code ? [name] : [])),
    );
  }

  /** The last steps, oldest first; kept when the tunnel comes up. */
  trailOf(tunnel: string): readonly TrailStep[] {
    return this.#trails.get(tunnel)?.steps ?? [];
  }

  /** The tunnel's configuration has changed: what failed before says nothing of the next attempt. */
  forget(tunnel: string): void {
    this.#noted.delete(tunnel);
    this.#closings.delete(tunnel);
  }

  /** Every Child SA stands: what failed before is over. `flaw`: what is wrong all the same. */
  settle(tunnel: TunnelPlan, flaw: Diagnosis | undefined, now: Date): void {
    const before = this.#noted.get(tunnel.name);
    if (before !== undefined && this.#isTrueWhileUp(tunnel.name, before, now)) return;
    if (flaw === undefined) {
      this.#noted.delete(tunnel.name);
      return;
    }
    const isKnown =
      before?.diagnosis.code === flaw.code && before.diagnosis.named.join() === flaw.named.join();
    if (!isKnown) this.#set(tunnel, flaw, now);
  }

  /** A daemon that starts anew counts its SAs from 1 again: nothing of those before is of these. */
  beginLife(): void {
    this.#readers.clear();
    this.#newest.clear();
    this.#lastSent = [];
  }

  /** What is not true of any tunnel any more. */
  forgetCode(code: CauseCode): void {
    for (const [tunnel, { diagnosis }] of this.#noted) {
      if (diagnosis.code === code) this.#noted.delete(tunnel);
    }
  }

  /** Forgets tunnels that the plan no longer has. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const map of [this.#noted, this.#trails, this.#newest, this.#closings]) {
      for (const name of map.keys()) if (!names.has(name)) map.delete(name);
    }
  }

  /** The tunnel of the SA; before a connection is chosen for a caller, all that are for its address. */
  #concernedBy(
    { ikeName = '', text }: LogLine,
    caller: string | undefined,
    { byName, byPeer }: TunnelIndex,
  ): readonly TunnelPlan[] {
    // The thread that writes to the socket knows no SA; what it cannot send was handed to it just before.
    if (text.startsWith('error writing to socket')) return this.#lastSent;
    const named = byName.get(ikeName);
    const ofCaller =
      caller === undefined ? [] : (byPeer.get(caller) ?? byPeer.get(undefined) ?? []);
    const concerned = named === undefined ? ofCaller : [named];
    if (text.startsWith('sending packet')) this.#lastSent = concerned;
    return concerned;
  }

  #readersOf(id: string): Readers {
    const readers = this.#readers.get(id) ?? {
      diagnoses: new LogReader(),
      steps: new TrailReader(),
    };
    this.#readers.delete(id);
    this.#readers.set(id, readers);
    const [oldest] = this.#readers.keys();
    if (this.#readers.size > MAX_READERS && oldest !== undefined) this.#readers.delete(oldest);
    return readers;
  }
}

interface TunnelIndex {
  readonly byName: ReadonlyMap<string, TunnelPlan>;
  /** Under undefined those that are open to any address. */
  readonly byPeer: ReadonlyMap<string | undefined, readonly TunnelPlan[]>;
}

// A thousand tunnels that come up at once log twenty thousand lines.
const indexes = new WeakMap<readonly TunnelPlan[], TunnelIndex>();

function indexOf(tunnels: readonly TunnelPlan[]): TunnelIndex {
  return once(indexes, tunnels, () => ({
    byName: new Map(tunnels.map((tunnel) => [tunnel.name, tunnel])),
    byPeer: Map.groupBy(tunnels, ({ remoteAddress }) => remoteAddress),
  }));
}
