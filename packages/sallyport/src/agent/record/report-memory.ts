/**
 * What a report tells of more than one look: which way packets go, which certificates were in use last, and since
 * when each condition holds.
 * The last report of an agent that has ended is taken up, so that a restart is no transition.
 */
import type { HostPlan } from '../../plan/host-plan.ts';
import type { ObjectStatus } from '../../status/conditions/condition.ts';
import { judgeObjects } from '../../status/conditions/judge.ts';
import { judgeTraffic, noteTraffic, type TrafficMemory } from '../../status/conditions/traffic.ts';
import { peerExpiryProblems } from '../../status/expiry.ts';
import type {
  HostReading,
  HostReport,
  TunnelCertificates,
  TunnelReport,
} from '../../status/host-report.ts';

export class ReportMemory {
  #objects: readonly ObjectStatus[];
  #traffic: ReadonlyMap<string, TrafficMemory> = new Map();
  #certificates: ReadonlyMap<string, TunnelCertificates>;

  /** `last`: may be of an older version, which had less. */
  constructor(last: Partial<HostReport> = {}) {
    this.#objects = last.objects ?? [];
    this.#certificates = certificatesOf(last.tunnels ?? []);
  }

  /** `now`: milliseconds of a steady clock. */
  complete(reading: HostReading, plan: HostPlan | undefined, now: number): HostReport {
    const before = this.#traffic;
    const traffic = new Map<string, TrafficMemory>();
    const tunnels = reading.tunnels.map((read) => {
      const tunnel = this.#withCertificates(read);
      const known = before.get(tunnel.name);
      const isRead = tunnel.state !== 'unknown';
      const memory = isRead ? noteTraffic(known, tunnel.children, now) : known;
      if (memory === undefined) return tunnel;
      traffic.set(tunnel.name, memory);
      const judged = isRead ? judgeTraffic(memory, now) : undefined;
      return judged === undefined ? tunnel : { ...tunnel, traffic: judged };
    });
    this.#traffic = traffic;
    this.#certificates = certificatesOf(tunnels);
    const problems = [...reading.problems, ...peerExpiryProblems(tunnels, reading.observedAt)];
    const report = { ...reading, tunnels, problems };
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

  /** What the daemon does not tell now is as it was last. */
  #withCertificates(tunnel: TunnelReport): TunnelReport {
    const { certificates } = tunnel;
    if (certificates === undefined) return tunnel;
    return { ...tunnel, certificates: { ...this.#certificates.get(tunnel.name), ...certificates } };
  }
}

function certificatesOf(tunnels: readonly TunnelReport[]): Map<string, TunnelCertificates> {
  return new Map(
    tunnels.flatMap(({ name, certificates }) =>
      certificates === undefined ? [] : [[name, certificates]],
    ),
  );
}

/** For the next agent after a teardown: what is missing then, nobody else has taken away. */
export function withNothingInEffect(report: HostReport): HostReport {
  const { revisionInEffect: _, bgp: _bgp, vrrp: _vrrp, health: _health, ...last } = report;
  const drift = { ...last.drift, reached: {} };
  return { ...last, tunnels: [], differences: [], objects: [], drift };
}
