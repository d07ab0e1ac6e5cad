/** Per tunnel: what its log lines told of the last failure, and how many tries have failed. */

import {
  type CauseCode,
  type Finding,
  LogReader,
  outranks,
  toCause,
} from '../drivers/strongswan/causes.ts';
import type { TunnelPlan } from '../plan/host-plan.ts';
import type { Cause } from '../status/host-report.ts';

/** A specific finding stands against general ones for so long. */
const SPECIFIC_MILLISECONDS = 60_000;
/** IKE SAs whose lines are followed at once. */
const MAX_READERS = 4096;

interface Noted {
  readonly finding: Finding;
  readonly at: number;
  readonly cause: Cause;
}

export class Failures {
  readonly #noted = new Map<string, Noted>();
  readonly #readers = new Map<string, LogReader>();

  /** Reads one log line; returns the names of the tunnels it explains a failure of. */
  readLine(
    line: { readonly ikeName?: string; readonly ikeUniqueId?: string; readonly text: string },
    tunnels: readonly TunnelPlan[],
    now: Date,
  ): string[] {
    const id = line.ikeUniqueId ?? '';
    const reader = this.#readers.get(id) ?? new LogReader();
    if (!this.#readers.has(id) && this.#readers.size >= MAX_READERS) this.#readers.clear();
    this.#readers.set(id, reader);
    const finding = reader.read(line.text);
    if (finding === undefined) return [];
    const concerned = tunnels.filter((tunnel) =>
      finding.peer === undefined
        ? tunnel.name === line.ikeName
        : tunnel.remoteAddress === finding.peer,
    );
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

  causeOf(tunnel: string): Cause | undefined {
    return this.#noted.get(tunnel)?.cause;
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
  }
}
