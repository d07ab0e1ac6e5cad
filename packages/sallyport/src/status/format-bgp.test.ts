import { describe, expect, it } from 'vitest';
import type { BgpReport } from './bgp-report.ts';
import { formatBgp } from './format-bgp.ts';
import { bgp, established, NOW } from './testing/reports.ts';

const lost: BgpReport['sessions'][number] = {
  ...{ address: '10.20.0.2', asn: 65010, description: 'host gw2', state: 'active' },
  ...{ timesEstablished: 2, timesLost: 2, families: [] },
  lastReset: {
    reason: 'BFD down received',
    notification: 'Cease/Peer De-configured',
    secondsAgo: 20,
  },
  bfd: {
    ...{ state: 'down', transmitMilliseconds: 1000, detectMilliseconds: 3000 },
    diagnostic: 'control detection time expired',
  },
};

describe('formatBgp', () => {
  it('tells of each session, those that are down first, and of what was learned', () => {
    expect(formatBgp({ ...bgp, sessions: [established, lost] }, NOW)).toEqual([
      'BGP AS 65010, router id 10.20.0.1, FRR 8.4.4: 1 of 2 sessions established; 1 prefixes learned',
      '  10.20.0.2 AS 65010, host gw2: NOT established (active)',
      '    BFD DOWN: control detection time expired; lost 2 times, last 20s ago: BFD down received (Cease/Peer De-configured)',
      '  169.254.10.1 AS 64512, default/partner-a/main: established for 5m',
      '    hold 9s; BFD up, dead after 900 ms; IPv4 3 received of at most 1000, 1 taken, 2 told',
      '    told 10.10.0.0/16, 10.11.0.0/16',
      '  10.50.0.0/16 via 169.254.10.1',
    ]);
  });

  it('counts what the kernel lacks, and does not list thousands', () => {
    const prefixes = Array.from({ length: 25 }, (_, index) => ({
      ...{ prefix: `10.50.${index}.0/24`, nextHops: ['169.254.10.1'], from: ['169.254.10.1'] },
      installed: index > 0,
    }));
    const lines = formatBgp(
      { ...bgp, sessions: [], learned: { total: 25, installed: 24, prefixes } },
      NOW,
    );
    expect(lines[0]).toContain('25 prefixes learned, 1 of them NOT in the kernel');
    expect(lines[1]).toBe('  10.50.0.0/24 via 169.254.10.1, NOT in the kernel');
    expect(lines).toHaveLength(22);
    expect(lines.at(-1)).toBe('  and 5 prefixes more');
    expect(formatBgp({ ...bgp, learned: { total: 5000, installed: 5000 } }, NOW).at(-1)).toBe(
      '  and 4980 prefixes more',
    );
  });

  it('does not list thousands that are told', () => {
    const listed = (prefixes: readonly string[], advertised: number): string[] => {
      const [family] = established.families;
      const families =
        family === undefined ? [] : [{ ...family, advertised, advertisedPrefixes: prefixes }];
      return formatBgp({ ...bgp, sessions: [{ ...established, families }] }, NOW);
    };
    const prefixes = Array.from({ length: 20 }, (_, index) => `10.${index}.0.0/16`);
    expect(listed(prefixes, 450)).toContain(`    told ${prefixes.join(', ')} and 430 more`);
    expect(listed([], 10_000).join('\n')).toContain('10000 told');
    expect(listed([], 10_000).join('\n')).not.toContain('more');
  });

  it('tells of who called without being listed, and of BFD that was stopped', () => {
    const { description: _, ...caller } = established;
    const bfd = { state: 'stopped' as const, transmitMilliseconds: 300, detectMilliseconds: 900 };
    const lines = formatBgp({ ...bgp, sessions: [{ ...caller, bfd, timesLost: 1 }] }, NOW);
    expect(lines[1]).toContain('called us: established');
    expect(lines[2]).toContain('BFD stopped');
  });
});
