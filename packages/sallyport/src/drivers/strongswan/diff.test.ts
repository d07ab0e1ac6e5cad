import { describe, expect, it } from 'vitest';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import { formatChange } from '../driver.ts';
import { diffStrongswan } from './diff.ts';
import { sharedIdOf } from './render.ts';
import { keyOf, type ObservedStrongswan } from './state.ts';
import { listed } from './testing/list-conns.ts';
import { emptyDaemon, heldLeaf } from './testing/obedient-daemon.ts';
import { fakeSa } from './testing/sas.ts';
import { LIST_FINGERPRINT } from './testing/secrets.ts';
import { certificateTunnel, listedTunnel, pskTunnel } from './testing/tunnels.ts';

const nothing = emptyDaemon;

/** A daemon that holds the tunnels just as planned. */
function holding(...tunnels: readonly TunnelPlan[]): ObservedStrongswan {
  const psk = tunnels.flatMap((tunnel) =>
    tunnel.auth.method === 'psk' ? [sharedIdOf(tunnel)] : [],
  );
  const keys = tunnels.flatMap((tunnel) =>
    tunnel.auth.method === 'certificate' ? [[keyOf(tunnel.auth.secret), '0011'] as const] : [],
  );
  return {
    ...nothing,
    connections: new Map(tunnels.map((tunnel) => [tunnel.name, listed(tunnel)])),
    shared: new Set(psk),
    keys: new Map(keys),
    certificates: new Map(keys.length === 0 ? [] : [[heldLeaf.fingerprint, heldLeaf]]),
  };
}

function lines(observed: ObservedStrongswan, ...tunnels: readonly TunnelPlan[]): string[] {
  return diffStrongswan(observed, { tunnels }).map(
    (change) => `${formatChange(change)} [${change.impact}]`,
  );
}

const live = fakeSa({ name: pskTunnel.name, uniqueId: '4' });

describe('diffStrongswan', () => {
  it('loads credentials before connections into an empty daemon', () => {
    expect(lines(nothing, certificateTunnel, pskTunnel)).toEqual([
      'add pre-shared key of sp.default.partner-a.main [nothing]',
      'add certificate and key of Secret default/own [nothing]',
      'add IKE connection sp.default.partner-b.main [nothing]',
      'add IKE connection sp.default.partner-a.main [nothing]',
    ]);
  });

  it('loads our certificate again where the daemon has its key alone', () => {
    const held = holding(certificateTunnel);
    const again = ['add certificate and key of Secret default/own [nothing]'];
    expect(lines({ ...held, certificates: new Map() }, certificateTunnel)).toEqual(again);
    const keyless = new Map([[heldLeaf.fingerprint, { ...heldLeaf, hasPrivateKey: false }]]);
    expect(lines({ ...held, certificates: keyless }, certificateTunnel)).toEqual(again);
  });

  it('loads a revocation list before the connections, once, and touches no SA for it', () => {
    const second = { ...listedTunnel, name: 'sp.default.partner-c.main' };
    const observed = { ...holding(certificateTunnel), sas: [{ ...live, name: listedTunnel.name }] };
    expect(lines(observed, listedTunnel)).toEqual(['add revocation list of CN=site [nothing]']);
    expect(lines(observed, listedTunnel, second)).toEqual([
      'add revocation list of CN=site [nothing]',
      'add IKE connection sp.default.partner-c.main [nothing]',
    ]);
    const held = { ...observed, revocationLists: new Map([[LIST_FINGERPRINT, new Map()]]) };
    expect(lines(held, listedTunnel)).toEqual([]);
  });

  it('finds nothing to do where all is as planned', () => {
    expect(lines(holding(pskTunnel, certificateTunnel), pskTunnel, certificateTunnel)).toEqual([]);
  });

  it('says what differs of a connection, also where somebody else has loaded it', () => {
    const theirs = listed({ ...pskTunnel, remoteId: 'peer.example', livenessDelaySeconds: 20 });
    const observed = { ...holding(pskTunnel), connections: new Map([[pskTunnel.name, theirs]]) };
    expect(lines(observed, pskTunnel)).toEqual([
      'replace IKE connection sp.default.partner-a.main (liveness delay 20 s, not 10 s) [nothing]',
    ]);
    const hidden = listed({ ...pskTunnel, ikeProposals: ['aes128gcm16-prfsha256-ecp256'] });
    const other = { ...observed, connections: new Map([[pskTunnel.name, hidden]]) };
    expect(lines(other, pskTunnel)).toEqual([
      'replace IKE connection sp.default.partner-a.main (proposals, keys, certificates or other settings that the daemon does not list) [nothing]',
    ]);
  });

  it('loads another key beside the present one, and then takes that away', () => {
    const { auth } = pskTunnel;
    const changed: TunnelPlan = {
      ...pskTunnel,
      auth: { method: 'psk', secret: { ...auth.secret, fingerprint: 'other' } },
    };
    expect(lines(holding(pskTunnel), changed)).toEqual([
      'replace pre-shared key of sp.default.partner-a.main [nothing]',
      'replace IKE connection sp.default.partner-a.main (proposals, keys, certificates or other settings that the daemon does not list) [nothing]',
      'remove former pre-shared key of sp.default.partner-a.main [nothing]',
    ]);
  });

  it('gives the key to the identity that the peer has now', () => {
    const changed: TunnelPlan = { ...pskTunnel, remoteId: 'peer.example' };
    expect(lines(holding(pskTunnel), changed)[0]).toBe(
      'replace pre-shared key of sp.default.partner-a.main [nothing]',
    );
  });

  it('says that a changed connection with a live SA is rolled, and touches no other', () => {
    const observed = { ...holding(pskTunnel, certificateTunnel), sas: [live] };
    const changed = { ...pskTunnel, livenessDelaySeconds: 20 };
    expect(lines(observed, changed, certificateTunnel)).toEqual([
      'replace IKE connection sp.default.partner-a.main (liveness delay 10 s, not 20 s) [roll]',
    ]);
  });

  it.each([
    { state: 'ESTABLISHED', start: 'initiate', impact: 'roll' },
    { state: 'REKEYING', start: 'initiate', impact: 'roll' },
    { state: 'ESTABLISHED', start: 'trap', impact: 'roll' },
    { state: 'ESTABLISHED', start: 'respond', impact: 'cut' },
    { state: 'CONNECTING', start: 'initiate', impact: 'nothing' },
    { state: 'DELETING', start: 'initiate', impact: 'nothing' },
  ] as const)(
    'says "$impact" of a change where the SA is $state and start is $start',
    ({ state, start, impact }) => {
      const tunnel: TunnelPlan = { ...pskTunnel, start };
      const sas = [fakeSa({ name: tunnel.name, uniqueId: '4', state })];
      const observed = { ...holding(tunnel), sas };
      expect(lines(observed, { ...tunnel, livenessDelaySeconds: 20 })).toEqual([
        `replace IKE connection sp.default.partner-a.main (liveness delay 10 s, not 20 s) [${impact}]`,
      ]);
    },
  );

  it('replaces a key whose Secret has another content, the new one first', () => {
    const { auth } = certificateTunnel;
    const secret = { ...auth.secret, fingerprint: 'other' };
    const changed: TunnelPlan = { ...certificateTunnel, auth: { ...auth, secret } };
    expect(lines(holding(certificateTunnel), changed)).toEqual([
      'add certificate and key of Secret default/own [nothing]',
      'replace IKE connection sp.default.partner-b.main (proposals, keys, certificates or other settings that the daemon does not list) [nothing]',
      'remove key of Secret default/own [nothing]',
    ]);
  });

  it('ends the SAs of a connection that is removed or disabled', () => {
    const observed = { ...holding(pskTunnel), sas: [live] };
    const removal = [
      'remove IKE connection sp.default.partner-a.main [cut]',
      'remove pre-shared key of sp.default.partner-a.main [nothing]',
    ];
    expect(lines(observed)).toEqual(removal);
    expect(lines(observed, { ...pskTunnel, enabled: false })).toEqual(removal);
    const [unload] = diffStrongswan(observed, { tunnels: [] });
    expect(unload?.step).toEqual({
      type: 'connection-unload',
      name: pskTunnel.name,
      ikeIds: ['4'],
    });
  });

  it('ends SAs whose connection is gone already, but for those that are ending', () => {
    const ending = fakeSa({ name: pskTunnel.name, uniqueId: '5', state: 'DELETING' });
    const observed = { ...nothing, sas: [live, ending] };
    expect(lines(observed)).toEqual(['remove IKE SAs of sp.default.partner-a.main [cut]']);
    const [change] = diffStrongswan(observed, { tunnels: [] });
    expect(change?.step).toEqual({ type: 'ike-terminate', ikeIds: ['4'] });
  });

  it('ends no SA of a connection that is wanted and not loaded: it may go on', () => {
    expect(lines({ ...nothing, sas: [live] }, pskTunnel)).toEqual([
      'add pre-shared key of sp.default.partner-a.main [nothing]',
      'add IKE connection sp.default.partner-a.main [roll]',
    ]);
  });

  it('gives a tunnel that changes to certificates its key first, and then drops the old secret', () => {
    const changed: TunnelPlan = { ...pskTunnel, auth: certificateTunnel.auth };
    expect(lines(holding(pskTunnel), changed)).toEqual([
      'add certificate and key of Secret default/own [nothing]',
      'replace IKE connection sp.default.partner-a.main (our authentication pre-shared key, not public key; authentication of the peer pre-shared key, not public key) [nothing]',
      'remove former pre-shared key of sp.default.partner-a.main [nothing]',
    ]);
  });

  it('loads a Secret once that several tunnels use, and keeps it while one of them is left', () => {
    const second: TunnelPlan = { ...certificateTunnel, name: 'sp.default.partner-b.second' };
    expect(lines(nothing, certificateTunnel, second)).toEqual([
      'add certificate and key of Secret default/own [nothing]',
      'add IKE connection sp.default.partner-b.main [nothing]',
      'add IKE connection sp.default.partner-b.second [nothing]',
    ]);
    expect(lines(holding(certificateTunnel, second), second)).toEqual([
      'remove IKE connection sp.default.partner-b.main [nothing]',
    ]);
  });
});
