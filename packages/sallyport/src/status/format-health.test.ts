import { describe, expect, it } from 'vitest';
import { formatHealth, formatHosts } from './format-health.ts';
import { formatVrrp } from './format-vrrp.ts';
import type { ProbeReport } from './health-report.ts';
import { NOW } from './testing/reports.ts';
import type { VrrpReport } from './vrrp-report.ts';

const good = {
  ...{ tunnel: 'sp.default.a.b', kind: 'inside', target: '169.254.10.1', method: 'icmp' },
  ...{ state: 'good', hasAnswered: true, lossy: false, since: NOW, reason: 'answers' },
  last100: { sent: 100, lost: 2 },
  last1000: { sent: 120, lost: 2 },
  roundTrip: {
    ...{ lastMilliseconds: 1, minimumMilliseconds: 0.5 },
    ...{ averageMilliseconds: 1.25, maximumMilliseconds: 9 },
  },
} as const satisfies ProbeReport;
const { roundTrip: _, ...silent } = good;
const usable = { tunnel: good.tunnel, usable: true, degraded: false, reason: 'answers' };

describe('formatHosts', () => {
  it('has a line for each host that is asked', () => {
    const { tunnel, ...plain } = good;
    const host: ProbeReport = { ...plain, kind: 'gateway', host: 'gw2', target: '10.1.0.2' };
    expect(formatHosts(undefined)).toEqual([]);
    expect(formatHosts({ probes: [good, host], tunnels: [{ ...usable, tunnel }] })).toEqual([
      'host gw2: 10.1.0.2 answers, 2 of 100 lost, 1.3 ms (0.5 to 9.0)',
    ]);
  });
});

describe('formatHealth', () => {
  it('says nothing where nothing is asked, or of other tunnels', () => {
    expect(formatHealth(good.tunnel, undefined)).toEqual([]);
    expect(formatHealth('sp.default.a.c', { probes: [good], tunnels: [usable] })).toEqual([]);
  });

  it('tells loss and round trips', () => {
    expect(formatHealth(good.tunnel, { probes: [good], tunnels: [usable] })).toEqual([
      '  probe      169.254.10.1 answers, 2 of 100 lost, 1.3 ms (0.5 to 9.0)',
    ]);
  });

  it('tells why a tunnel is not used, or others are better', () => {
    const failed = { ...silent, state: 'failed' as const, reason: 'no answer for 1 s' };
    const no = { ...usable, usable: false, reason: '169.254.10.1 no answer for 1 s' };
    expect(formatHealth(good.tunnel, { probes: [failed], tunnels: [no] })).toEqual([
      '  health     NOT USABLE: 169.254.10.1 no answer for 1 s',
      '  probe      169.254.10.1 DOES NOT ANSWER, 2 of 100 lost: no answer for 1 s',
    ]);
    const lossy = { ...silent, lossy: true };
    const worse = { ...usable, degraded: true, reason: 'loses packets' };
    const unknown = { ...silent, state: 'unknown' as const, target: '10.2.0.9' };
    expect(formatHealth(good.tunnel, { probes: [lossy, unknown], tunnels: [worse] })).toEqual([
      '  health     loses packets',
      '  probe      169.254.10.1 answers, LOSSY, 2 of 100 lost',
      '  probe      10.2.0.9 has not answered yet, 2 of 100 lost',
    ]);
  });
});

describe('formatVrrp', () => {
  it('tells who holds the addresses, since when and why', () => {
    const router: Omit<VrrpReport, 'state'> = {
      ...{ name: 'sp-default-edge-v4', interface: 'lan', virtualRouterId: 51 },
      family: 4,
      others: ['10.1.0.12'],
      ...{ addresses: ['10.1.0.254/24'], held: ['10.1.0.254'], why: 'fittest' },
    };
    const since = '2026-06-01T11:59:00.000Z';
    expect(
      formatVrrp(
        [
          { ...router, state: 'master', since },
          { ...router, state: 'stopped' },
        ],
        NOW,
      ),
    ).toEqual([
      'VRRP 51 on lan, 10.1.0.254/24: HELD HERE for 1m; fittest',
      'VRRP 51 on lan, 10.1.0.254/24: keepalived does NOT run; fittest',
    ]);
  });
});
