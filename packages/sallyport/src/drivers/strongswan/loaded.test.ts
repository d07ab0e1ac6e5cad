import type { LoadedConnection } from '@sallyport/vici';
import { describe, expect, it } from 'vitest';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import { planWorld } from '../../plan/testing/plan-world.ts';
import { WORLDS } from '../../plan/testing/worlds.ts';
import { isLoaded, loadedDifferences } from './loaded.ts';
import { listed } from './testing/list-conns.ts';
import { certificateTunnel, pskTunnel } from './testing/tunnels.ts';

const allTunnels = Object.values(WORLDS).flatMap((declared) => planWorld(declared).plan.tunnels);
const [v4, v6] = pskTunnel.children;
if (v4 === undefined || v6 === undefined) throw new Error('the world has two children');
const HIDDEN = ['proposals, keys, certificates or other settings that the daemon does not list'];

describe('a loaded connection', () => {
  it('is as planned where the daemon has just loaded it', () => {
    for (const tunnel of allTunnels) expect(loadedDifferences(listed(tunnel), tunnel)).toEqual([]);
  });

  it('is not there where the daemon lists none', () => {
    expect(isLoaded(undefined, pskTunnel)).toBe(false);
  });

  it.each<readonly [Partial<TunnelPlan>, readonly string[]]>([
    [{ localAddress: '192.0.2.11' }, ['our address 192.0.2.10, not 192.0.2.11']],
    [{ remoteAddress: '198.51.100.9' }, ['address of the peer 198.51.100.20, not 198.51.100.9']],
    [{ ikeRekeySeconds: 7_200 }, ['IKE lifetime 14400 s, not 7200 s']],
    [{ livenessDelaySeconds: 0 }, ['liveness delay 10 s, not 0 s']],
    [
      { auth: certificateTunnel.auth },
      [
        'our authentication pre-shared key, not public key',
        'authentication of the peer pre-shared key, not public key',
      ],
    ],
    [
      { childRekeyBytes: 5_000_000, children: [v4] },
      ['child v6 too much', 'lifetime of v4 0 bytes, not 5000000 bytes'],
    ],
    [
      { start: 'trap', children: [v4, v6, { ...v4, name: 'v5' }] },
      ['trap of v4 false, not true', 'trap of v6 false, not true', 'no child v5'],
    ],
    [
      { children: [{ ...v4, localSelectors: ['10.99.0.0/16'] }, v6] },
      ['our networks of v4 10.10.0.0/16, not 10.99.0.0/16'],
    ],
    // What list-conns does not show, the hashes do.
    [{ ikeProposals: ['aes128gcm16-prfsha256-ecp256'] }, HIDDEN],
    [{ espProposals: ['aes128gcm16-ecp256'] }, HIDDEN],
    [{ localId: 'gw.example' }, HIDDEN],
    [{ remoteId: 'peer.example' }, HIDDEN],
    [{ forceEncapsulation: true }, HIDDEN],
    [{ interfaceId: 9 }, HIDDEN],
  ])('of before the change %j differs in words', (change, words) => {
    expect(loadedDifferences(listed(pskTunnel), { ...pskTunnel, ...change })).toEqual(words);
  });

  it('is of another uniqueness where the tunnel goes from host to host', () => {
    const moving = { ...pskTunnel, virtualRouter: 'sp-default-edge-v4' };
    expect(listed(moving).unique).toBe('UNIQUE_NO');
    expect(loadedDifferences(listed(pskTunnel), moving)).toEqual([
      'uniqueness UNIQUE_NEVER, not UNIQUE_NO',
    ]);
  });

  it.each<readonly [string, Partial<LoadedConnection>, string]>([
    ['of IKEv1', { version: 'IKEv1' }, 'version IKEv1, not IKEv2'],
    ['of no uniqueness', { unique: 'UNIQUE_NO' }, 'uniqueness UNIQUE_NO, not UNIQUE_NEVER'],
    ['without rounds', { local: [], remote: [] }, 'our authentication none, not pre-shared key'],
    ['without children', { children: [] }, 'no child v4'],
  ])('%s is none of ours', (_what, change, line) => {
    expect(loadedDifferences({ ...listed(pskTunnel), ...change }, pskTunnel)).toContain(line);
  });
});
