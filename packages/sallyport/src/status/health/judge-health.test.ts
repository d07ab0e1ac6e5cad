import { describe, expect, it } from 'vitest';
import type { ProbeReport } from '../health-report.ts';
import type { TunnelState } from '../host-report.ts';
import { NOW, up } from '../testing/reports.ts';
import { judgeTunnels, withdrawnOf } from './judge-health.ts';

const tunnel = (name: string, state: TunnelState = 'up') => ({ ...up, name, state });
const probe = (name: string, state: ProbeReport['state']): ProbeReport => ({
  ...{ tunnel: name, kind: 'inside', target: '169.254.10.1', method: 'icmp' },
  ...{ state, lossy: false, since: NOW, reason: 'asked' },
  last100: { sent: 10, lost: 0 },
  last1000: { sent: 10, lost: 0 },
});

describe('judgeTunnels and withdrawnOf', () => {
  it('take out what probes have found dead, while another tunnel is good', () => {
    const tunnels = [tunnel('a'), tunnel('b')];
    const usabilities = judgeTunnels(tunnels, [probe('a', 'failed'), probe('b', 'good')]);
    expect(usabilities.map(({ usable }) => usable)).toEqual([false, true]);
    expect(withdrawnOf(tunnels, usabilities)).toEqual({
      down: new Set(),
      failed: new Set(['a']),
    });
  });

  it('tell a tunnel without SAs from one through which nothing gets', () => {
    const tunnels = [tunnel('a', 'connecting'), tunnel('b'), tunnel('c', 'disabled')];
    const usabilities = judgeTunnels(tunnels, []);
    expect(usabilities.map(({ reason }) => reason)[0]).toBe('the tunnel is connecting');
    expect(withdrawnOf(tunnels, usabilities)).toEqual({ down: new Set(['a']), failed: new Set() });
  });

  it('go on with what could not be read: the kernel has its SAs', () => {
    const tunnels = [tunnel('a', 'unknown'), tunnel('b')];
    expect(withdrawnOf(tunnels, judgeTunnels(tunnels, [])).down.size).toBe(0);
  });
});
