import { describe, expect, it } from 'vitest';
import type { ProbeReport } from '../health-report.ts';
import { NOW } from '../testing/reports.ts';
import { judgeLan, lanProblems } from './judge-lan.ts';

/** It has failed with seconds of silence, is good without, and was never heard of with `never`. */
const probe = (host: string, silentSeconds?: number | 'never'): ProbeReport => ({
  ...{ host, kind: host.startsWith('gw') ? 'gateway' : 'node', target: '10.1.0.2', method: 'icmp' },
  ...{ hasAnswered: silentSeconds !== 'never', lossy: false, since: NOW, reason: 'asked' },
  state: silentSeconds === undefined ? 'good' : 'failed',
  ...(typeof silentSeconds === 'number' ? { silentSeconds } : {}),
  last100: { sent: 10, lost: 0 },
  last1000: { sent: 10, lost: 0 },
});

describe('judgeLan', () => {
  it('tells which hosts fell silent', () => {
    const probes = [probe('node1'), probe('gw3', 1), probe('gw2', 1)];
    expect(judgeLan(probes)).toEqual({ silent: ['gw2', 'gw3'], isLost: false });
  });

  it('finds this host alone where none of several answers any more, all at once', () => {
    const lan = judgeLan([probe('gw2', 3), probe('node1', 2.5)]);
    expect(lan.isLost).toBe(true);
    expect(lanProblems(lan, false).map(({ message }) => message)).toEqual([
      expect.stringContaining('answers (gw2, node1)'),
    ]);
  });

  it('goes on where the other gateways had died before: nobody would take over', () => {
    const probes = [probe('gw2', 4), probe('node1', 0.4), probe('node2', 0.5)];
    expect(judgeLan(probes)).toEqual({ silent: ['gw2', 'node1', 'node2'], isLost: false });
    expect(judgeLan([...probes, probe('gw3', 0.6)]).isLost).toBe(true);
  });

  it('has its LAN back with the first answer, while whoever fails often is not counted on yet', () => {
    const { silentSeconds: _, ...answering } = probe('node1', 1);
    expect(judgeLan([probe('gw2', 1), answering])).toEqual({
      ...{ silent: ['gw2', 'node1'], isLost: false },
    });
  });

  it('takes one host that is silent for a host that died', () => {
    expect(judgeLan([probe('gw2', 1)])).toEqual({ silent: ['gw2'], isLost: false });
    expect(lanProblems({ silent: ['gw2'], isLost: false }, false)).toEqual([]);
    expect(lanProblems({ silent: ['gw1', 'gw2'], isLost: true }, true)[0]?.message).toContain(
      'which are the gateways of this node',
    );
  });

  it('knows nothing of hosts that have never answered, nor of what is behind tunnels', () => {
    const { host: _, ...tunnel } = probe('', 1);
    const probes = [probe('gw2', 'never'), probe('node1', 'never'), tunnel];
    expect(judgeLan(probes)).toEqual({ silent: [], isLost: false });
  });
});
