import { describe, expect, it } from 'vitest';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import { formatChange } from '../driver.ts';
import { diffStrongswan } from './diff.ts';
import { loadHash, sharedIdOf } from './render.ts';
import { keyOf, type ObservedStrongswan } from './state.ts';
import { emptyDaemon } from './testing/obedient-daemon.ts';
import { fakeSa } from './testing/sas.ts';
import { certificateTunnel, pskTunnel } from './testing/tunnels.ts';

const nothing = emptyDaemon;

/** A daemon that holds the tunnels just as planned. */
function holding(...tunnels: readonly TunnelPlan[]): ObservedStrongswan {
  const psk = tunnels.flatMap((tunnel) =>
    tunnel.auth.method === 'psk'
      ? [[sharedIdOf(tunnel), tunnel.auth.secret.fingerprint] as const]
      : [],
  );
  const keys = tunnels.flatMap((tunnel) =>
    tunnel.auth.method === 'certificate' ? [[keyOf(tunnel.auth.secret), '0011'] as const] : [],
  );
  return {
    ...nothing,
    connections: new Map(tunnels.map((tunnel) => [tunnel.name, loadHash(tunnel)])),
    shared: new Map(psk),
    keys: new Map(keys),
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

  it('finds nothing to do where all is as planned', () => {
    expect(lines(holding(pskTunnel, certificateTunnel), pskTunnel, certificateTunnel)).toEqual([]);
  });

  it('loads everything again that is there and that nobody remembers', () => {
    const observed = {
      ...holding(pskTunnel),
      connections: new Map([[pskTunnel.name, undefined]]),
      shared: new Map([[pskTunnel.name, undefined]]),
    };
    expect(lines(observed, pskTunnel)).toEqual([
      'replace pre-shared key of sp.default.partner-a.main [nothing]',
      'replace IKE connection sp.default.partner-a.main [nothing]',
    ]);
  });

  it('says that a changed connection with a live SA is rolled, and touches no other', () => {
    const observed = { ...holding(pskTunnel, certificateTunnel), sas: [live] };
    const changed = { ...pskTunnel, livenessDelaySeconds: 20 };
    expect(lines(observed, changed, certificateTunnel)).toEqual([
      'replace IKE connection sp.default.partner-a.main [roll]',
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
        `replace IKE connection sp.default.partner-a.main [${impact}]`,
      ]);
    },
  );

  it('replaces a key whose Secret has another content, the new one first', () => {
    const { auth } = certificateTunnel;
    const secret = { ...auth.secret, fingerprint: 'other' };
    const changed: TunnelPlan = { ...certificateTunnel, auth: { ...auth, secret } };
    expect(lines(holding(certificateTunnel), changed)).toEqual([
      'add certificate and key of Secret default/own [nothing]',
      'replace IKE connection sp.default.partner-b.main [nothing]',
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
      'replace IKE connection sp.default.partner-a.main [nothing]',
      'remove pre-shared key of sp.default.partner-a.main [nothing]',
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
