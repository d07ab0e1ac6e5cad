import { describe, expect, it } from 'vitest';
import { planWorld } from '../../plan/testing/plan-world.ts';
import { WORLDS } from '../../plan/testing/worlds.ts';
import type { HostReading, HostReport, TunnelReport } from '../../status/host-report.ts';
import { certificates, child, report, up } from '../../status/testing/reports.ts';
import { ReportMemory } from './report-memory.ts';

const { plan } = planWorld(WORLDS['dual-stack inside, IPv4 outside'] ?? { text: '' });

/** As after packets in both directions. */
function readingAt(seconds: number, packets: number): HostReading {
  const { objects: _, ...reading } = report;
  return {
    ...reading,
    wantedRevision: plan.revision,
    observedAt: new Date(Date.UTC(2026, 5, 1) + seconds * 1000).toISOString(),
    tunnels: [{ ...up, children: [{ ...child, packetsIn: packets, packetsOut: packets }] }],
  };
}

function healthOf({ objects }: HostReport): string[] {
  return objects.flatMap(({ conditions }) =>
    conditions
      .filter(({ type }) => type === 'Healthy')
      .map(({ reason, lastTransitionTime }) => `${reason} ${lastTransitionTime}`),
  );
}

describe('ReportMemory', () => {
  it('judges every object that the plan stands for', () => {
    const { objects } = new ReportMemory().complete(readingAt(0, 0), plan, 0);
    expect(objects.map(({ kind, name, conditions }) => [kind, name, conditions.length])).toEqual([
      ['Connection', 'partner-a', 4],
      ['Gateway', 'edge', 3],
      ['Host', 'gw1', 3],
      ['Secret', 'a-psk', 2],
    ]);
  });

  it('sees which way packets go by more than one look', () => {
    const memory = new ReportMemory();
    expect(memory.complete(readingAt(0, 5), plan, 0).tunnels[0]?.traffic).toBeUndefined();
    expect(memory.complete(readingAt(10, 6), plan, 10_000).tunnels[0]?.traffic).toBe('both-ways');
  });

  it('remembers the packets over a daemon that does not answer for a while', () => {
    const memory = new ReportMemory();
    const silent: HostReading = { ...readingAt(5, 0), tunnels: [{ ...up, state: 'unknown' }] };
    expect(memory.complete(silent, plan, 0).tunnels).toEqual(silent.tunnels);
    memory.complete(readingAt(0, 5), plan, 0);
    expect(memory.complete(silent, plan, 5_000).tunnels).toEqual(silent.tunnels);
    expect(memory.complete(readingAt(10, 6), plan, 10_000).tunnels[0]?.traffic).toBe('both-ways');
  });

  it('keeps the certificates that were in use last, also over a restart, and warns of theirs', () => {
    const { secret, local } = certificates;
    const withThem = (change: TunnelReport['certificates']): HostReading => ({
      ...readingAt(0, 5),
      tunnels: change === undefined ? [up] : [{ ...up, certificates: change }],
    });
    const first = new ReportMemory();
    const before = first.complete(withThem(certificates), plan, 0);
    expect(first.complete(withThem({ secret }), plan, 0).tunnels).toEqual(before.tunnels);
    const after = new ReportMemory(before);
    expect(after.complete(withThem({ secret, local }), plan, 0).tunnels).toEqual(before.tunnels);
    expect(before.problems.map(({ code }) => code)).toEqual(['agent/peer-certificate-expired']);
    const without = after.complete(withThem(undefined), plan, 0);
    expect([without.tunnels[0]?.certificates, without.problems]).toEqual([undefined, []]);
  });

  it('takes a restart of the agent for no transition', () => {
    const before = new ReportMemory();
    before.complete(readingAt(0, 5), plan, 0);
    const last = before.complete(readingAt(10, 6), plan, 10_000);
    expect(healthOf(last)).toEqual(['BothWays 2026-06-01T00:00:10Z']);
    const after = new ReportMemory(last).complete(readingAt(60, 6), plan, 0);
    expect(after.objects).toEqual(last.objects);
  });

  it('begins anew after a report that had no conditions', () => {
    const { objects: _, ...old } = report;
    const { objects } = new ReportMemory(old).complete(readingAt(0, 0), plan, 0);
    expect(objects).toHaveLength(4);
  });

  it('has nothing to judge without a plan', () => {
    expect(new ReportMemory().complete(readingAt(0, 0), undefined, 0).objects).toEqual([]);
  });
});
