import { describe, expect, it } from 'vitest';
import type { ProbeReport } from '../health-report.ts';
import type { TunnelState } from '../host-report.ts';
import { NOW, up } from '../testing/reports.ts';
import { judgeTunnels, type Situation, withdrawnOf } from './judge-health.ts';

const tunnel = (name: string, state: TunnelState = 'up') => ({ ...up, name, state });
const probe = (name: string, state: ProbeReport['state']): ProbeReport => ({
  ...{ tunnel: name, kind: 'inside', target: '169.254.10.1', method: 'icmp' },
  ...{ state, hasAnswered: true, lossy: false, since: NOW, reason: 'asked' },
  last100: { sent: 10, lost: 0 },
  last1000: { sent: 10, lost: 0 },
});

const NONE: ReadonlySet<string> = new Set();
const NOTHING: Situation = {
  ...{ tunnels: [], probes: [], drilled: NONE, quiet: NONE },
  drain: undefined,
};

describe('judgeTunnels and withdrawnOf', () => {
  it('take out what probes have found dead, while another tunnel is good', () => {
    const tunnels = [tunnel('a'), tunnel('b')];
    const probes = [probe('a', 'failed'), probe('b', 'good')];
    const usabilities = judgeTunnels(tunnels, probes, NONE);
    expect(usabilities.map(({ usable }) => usable)).toEqual([false, true]);
    expect(withdrawnOf({ ...NOTHING, tunnels, probes })).toEqual({
      ...{ down: new Set(), failed: new Set(['a']), doubtful: new Set() },
      ...{ silent: new Set(), quiet: new Set(), isLanLost: false },
    });
  });

  it('doubt what is kept for want of a better one, and what loses packets', () => {
    const tunnels = [tunnel('a'), { ...tunnel('b'), connection: 'other' }];
    const lossy = { ...probe('b', 'good'), lossy: true };
    const { failed, doubtful } = withdrawnOf({
      ...{ ...NOTHING, tunnels },
      probes: [probe('a', 'failed'), lossy],
    });
    expect([failed, doubtful]).toEqual([new Set(), new Set(['a', 'b'])]);
  });

  it('tell a tunnel without SAs from one through which nothing gets', () => {
    const tunnels = [tunnel('a', 'connecting'), tunnel('b'), tunnel('c', 'disabled')];
    const usabilities = judgeTunnels(tunnels, [], NONE);
    expect(usabilities.map(({ reason }) => reason)[0]).toBe('the tunnel is connecting');
    const { down, failed } = withdrawnOf({ ...NOTHING, tunnels });
    expect([down, failed]).toEqual([new Set(['a']), new Set()]);
  });

  it('go on with what could not be read: the kernel has its SAs', () => {
    const tunnels = [tunnel('a', 'unknown'), tunnel('b')];
    expect(withdrawnOf({ ...NOTHING, tunnels }).down.size).toBe(0);
  });

  it('take out what a drill has chosen, be it the last one', () => {
    const tunnels = [tunnel('a')];
    const [probes, drilled] = [[probe('a', 'good')], new Set(['a'])];
    const usabilities = judgeTunnels(tunnels, probes, drilled);
    expect(usabilities.map(({ reason }) => reason)).toEqual(['a drill has taken it out']);
    expect(withdrawnOf({ ...NOTHING, tunnels, probes, drilled }).failed).toEqual(new Set(['a']));
  });

  it('tell of a drain, of hosts that are silent, and of gateways that are quiet', () => {
    const drain = { since: NOW, resting: ['a'] };
    const { tunnel: _, ...bare } = probe('', 'failed');
    const probes = [{ ...bare, host: 'gw2' }];
    expect(withdrawnOf({ ...NOTHING, drain, probes, quiet: new Set(['gw3']) })).toMatchObject({
      ...{ drained: new Set(['a']), silent: new Set(['gw2']), quiet: new Set(['gw3']) },
    });
  });
});
