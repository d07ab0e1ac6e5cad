import { describe, expect, it } from 'vitest';
import type { ProbeReport } from '../health-report.ts';
import { NOW } from '../testing/reports.ts';
import { judgeLan, lanProblems } from './judge-lan.ts';

const probe = (host: string, state: ProbeReport['state'], hasAnswered = true): ProbeReport => ({
  ...{ host, kind: 'host', target: '10.1.0.2', method: 'icmp', state, hasAnswered },
  ...{ lossy: false, since: NOW, reason: 'asked' },
  last100: { sent: 10, lost: 0 },
  last1000: { sent: 10, lost: 0 },
});

describe('judgeLan', () => {
  it('tells which hosts fell silent', () => {
    const probes = [probe('node1', 'good'), probe('gw3', 'failed'), probe('gw2', 'failed')];
    expect(judgeLan(probes)).toEqual({ silent: ['gw2', 'gw3'], isLost: false });
  });

  it('finds this host alone where none of several answers', () => {
    const lan = judgeLan([probe('gw2', 'failed'), probe('node1', 'failed')]);
    expect(lan.isLost).toBe(true);
    expect(lanProblems(lan, false).map(({ message }) => message)).toEqual([
      expect.stringContaining('answers (gw2, node1)'),
    ]);
  });

  it('takes one host that is silent for a host that died', () => {
    expect(judgeLan([probe('gw2', 'failed')])).toEqual({ silent: ['gw2'], isLost: false });
    expect(lanProblems({ silent: ['gw2'], isLost: false }, false)).toEqual([]);
    expect(lanProblems({ silent: ['gw1', 'gw2'], isLost: true }, true)[0]?.message).toContain(
      'which are the gateways of this node',
    );
  });

  it('knows nothing of hosts that have never answered, nor of what is behind tunnels', () => {
    const { host: _, ...tunnel } = probe('', 'failed');
    const probes = [probe('gw2', 'failed', false), probe('node1', 'unknown', false), tunnel];
    expect(judgeLan(probes)).toEqual({ silent: [], isLost: false });
  });
});
