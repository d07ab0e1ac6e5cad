/**
 * What a report tells of more than one look: which way packets go, and since when each condition holds.
 * The last report of an agent that has ended is taken up, so that a restart is no transition.
 */
import type { HostPlan } from '../../plan/host-plan.ts';
import type { ObjectStatus } from '../../status/conditions/condition.ts';
import { judgeObjects } from '../../status/conditions/judge.ts';
import { judgeTraffic, noteTraffic, type TrafficMemory } from '../../status/conditions/traffic.ts';
import type { HostReading, HostReport } from '../../status/host-report.ts';

export class ReportMemory {
  #objects: readonly ObjectStatus[];
  #traffic: ReadonlyMap<string, TrafficMemory> = new Map();

  /** `last`: may be of an older version, which had less. */
  constructor(last: Partial<HostReport> = {}) {
    this.#objects = last.objects ?? [];
  }

  /** `now`: milliseconds of a steady clock. */
  complete(reading: HostReading, plan: HostPlan | undefined, now: number): HostReport {
    const before = this.#traffic;
    const traffic = new Map<string, TrafficMemory>();
    const tunnels = reading.tunnels.map((tunnel) => {
      const known = before.get(tunnel.name);
      const isRead = tunnel.state !== 'unknown';
      const memory = isRead ? noteTraffic(known, tunnel.children, now) : known;
      if (memory === undefined) return tunnel;
      traffic.set(tunnel.name, memory);
      const judged = isRead ? judgeTraffic(memory, now) : undefined;
      return judged === undefined ? tunnel : { ...tunnel, traffic: judged };
    });
    this.#traffic = traffic;
    const report = { ...reading, tunnels };
    this.#objects =
      plan === undefined
        ? []
        : judgeObjects({
            objects: plan.sources,
            hosts: [{ plan, report }],
            problems: [],
            previous: this.#objects,
            now: reading.observedAt,
          });
    return { ...report, objects: this.#objects };
  }
}

/** For the next agent after a teardown: what is missing then, nobody else has taken away. */
export function withNothingInEffect({ revisionInEffect: _, ...last }: HostReport): HostReport {
  const drift = { ...last.drift, reached: {} };
  return { ...last, tunnels: [], differences: [], objects: [], drift };
}
