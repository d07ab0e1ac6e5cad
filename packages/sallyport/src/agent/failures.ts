/** Per tunnel: what log lines told of the last failure, and step by step what was tried and came back. */

import {
  type CauseCode,
  type Finding,
  LogReader,
  outranks,
  toCause,
} from '../drivers/strongswan/causes.ts';
import { Trail, TrailReader, type TrailStep } from '../drivers/strongswan/trail.ts';
import { once } from '../lib/once.ts';
import type { TunnelPlan } from '../plan/host-plan.ts';
import type { Cause } from '../status/host-report.ts';

/** A specific finding stands against general ones for so long. */
const SPECIFIC_MILLISECONDS = 60_000;
/** IKE SAs whose lines are followed at once. */
const MAX_READERS = 4096;

export interface LogLine {
  readonly ikeName?: string;
  readonly ikeUniqueId?: string;
  readonly text: string;
}

interface Noted {
  readonly finding: Finding;
  readonly at: number;
  readonly cause: Cause;
}

interface Readers {
  readonly findings: LogReader;
  readonly steps: TrailReader;
}

export class Failures {
  readonly #noted = new Map<string, Noted>();
  readonly #trails = new Map<string, Trail>();
  /** By unique id of the IKE SA; the least recently used one comes first. */
  readonly #readers = new Map<string, Readers>();

  /** Reads one log line; returns the names of the tunnels it explains a failure of. */
  readLine(line: LogLine, tunnels: readonly TunnelPlan[], now: Date): string[] {
    const { findings, steps } = this.#readersOf(line.ikeUniqueId ?? '');
    const finding = findings.read(line.text);
    const step = steps.read(line.text) ?? (finding === undefined ? undefined : line.text);
    const concerned = concernedBy(line, finding?.peer ?? findings.caller, indexOf(tunnels));
    if (step !== undefined) for (const { name } of concerned) this.addStep(name, step, now);
    if (finding === undefined) return [];
    for (const tunnel of concerned) this.note(tunnel, finding, now);
    return concerned.map((tunnel) => tunnel.name);
  }

  note(tunnel: TunnelPlan, finding: Finding, now: Date): void {
    const before = this.#noted.get(tunnel.name);
    const isRecent = before !== undefined && now.getTime() - before.at < SPECIFIC_MILLISECONDS;
    if (isRecent && !outranks(finding, before.finding)) return;
    this.#noted.set(tunnel.name, {
      finding,
      at: now.getTime(),
      cause: toCause(finding, tunnel, now.toISOString()),
    });
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

  /** The last steps, oldest first; kept when the tunnel comes up. */
  trailOf(tunnel: string): readonly TrailStep[] {
    return this.#trails.get(tunnel)?.steps ?? [];
  }

  forget(tunnel: string): void {
    this.#noted.delete(tunnel);
  }

  /** What is not true of any tunnel any more. */
  forgetCode(code: CauseCode): void {
    for (const [tunnel, { finding }] of this.#noted) {
      if (finding.code === code) this.#noted.delete(tunnel);
    }
  }

  /** Forgets tunnels that the plan no longer has. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#noted.keys()) if (!names.has(name)) this.#noted.delete(name);
    for (const name of this.#trails.keys()) if (!names.has(name)) this.#trails.delete(name);
  }

  #readersOf(id: string): Readers {
    const readers = this.#readers.get(id) ?? {
      findings: new LogReader(),
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
  readonly byPeer: ReadonlyMap<string, readonly TunnelPlan[]>;
}

// A thousand tunnels that come up at once log twenty thousand lines.
const indexes = new WeakMap<readonly TunnelPlan[], TunnelIndex>();

function indexOf(tunnels: readonly TunnelPlan[]): TunnelIndex {
  return once(indexes, tunnels, () => ({
    byName: new Map(tunnels.map((tunnel) => [tunnel.name, tunnel])),
    byPeer: Map.groupBy(tunnels, ({ remoteAddress }) => remoteAddress ?? ''),
  }));
}

/** The tunnel of the SA; before a connection is chosen for a caller, all that are for its address. */
function concernedBy(
  { ikeName = '' }: LogLine,
  caller: string | undefined,
  { byName, byPeer }: TunnelIndex,
): readonly TunnelPlan[] {
  const named = byName.get(ikeName);
  if (named !== undefined) return [named];
  return caller === undefined ? [] : (byPeer.get(caller) ?? []);
}
