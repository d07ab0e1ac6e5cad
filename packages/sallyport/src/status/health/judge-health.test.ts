import { describe, expect, it } from 'vitest';
import type { ProbeReport } from '../health-report.ts';
import type { TunnelState } from '../host-report.ts';
import { NOW, up } from '../testing/reports.ts';
import { judgeTunnels, withdrawnOf } from './judge-health.ts';

const tunnel = (name: string, state: TunnelState = 'up') => ({ ...up, name, state });
const probe = (name: string, state: ProbeReport['state']): ProbeReport => ({
  ...{ tunnel: name, kind: 'inside', target: '169.254.10.1', method: 'icmp' },
  ...{ state, hasAnswered: true, lossy: false, since: NOW, reason: 'asked' },
  last100: { sent: 10, lost: 0 },
  last1000: { sent: 10, lost: 0 },
});

const NONE: ReadonlySet<string> = new Set();
const LAN = { silent: ['gw2'], isLost: false };

describe('judgeTunnels and withdrawnOf', () => {
  it('take out what probes have found dead, while another tunnel is good', () => {
    const tunnels = [tunnel('a'), tunnel('b')];
    const usabilities = judgeTunnels(tunnels, [probe('a', 'failed'), probe('b', 'good')], NONE);
    expect(usabilities.map(({ usable }) => usable)).toEqual([false, true]);
    expect(withdrawnOf(tunnels, usabilities, LAN)).toEqual({
      ...{ down: new Set(), failed: new Set(['a']) },
      ...{ silent: new Set(['gw2']), isLanLost: false },
    });
  });

  it('tell a tunnel without SAs from one through which nothing gets', () => {
    const tunnels = [tunnel('a', 'connecting'), tunnel('b'), tunnel('c', 'disabled')];
    const usabilities = judgeTunnels(tunnels, [], NONE);
    expect(usabilities.map(({ reason }) => reason)[0]).toBe('the tunnel is connecting');
    const { down, failed } = withdrawnOf(tunnels, usabilities, LAN);
    expect([down, failed]).toEqual([new Set(['a']), new Set()]);
  });

  it('go on with what could not be read: the kernel has its SAs', () => {
    const tunnels = [tunnel('a', 'unknown'), tunnel('b')];
    expect(withdrawnOf(tunnels, judgeTunnels(tunnels, [], NONE), LAN).down.size).toBe(0);
  });

  it('take out what a drill has chosen, be it the last one', () => {
    const tunnels = [tunnel('a')];
    const usabilities = judgeTunnels(tunnels, [probe('a', 'good')], new Set(['a']));
    expect(usabilities.map(({ reason }) => reason)).toEqual(['a drill has taken it out']);
    expect(withdrawnOf(tunnels, usabilities, LAN).failed).toEqual(new Set(['a']));
  });

  it('tell of a drain', () => {
    const drain = { since: NOW, resting: ['a'] };
    expect(withdrawnOf([], [], LAN, drain).drained).toEqual(new Set(['a']));
  });
});
