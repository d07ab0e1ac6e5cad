import { describe, expect, it } from 'vitest';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import { formatChange } from '../driver.ts';
import { diffStrongswan } from './diff.ts';
import { loadHash, sharedIdOf } from './render.ts';
import { keyOf, type ObservedStrongswan } from './state.ts';
import { fakeSa } from './testing/sas.ts';
import { certificateTunnel, pskTunnel } from './testing/tunnels.ts';

const nothing: ObservedStrongswan = {
  version: '5.9.8',
  daemonSince: 'now',
  connections: new Map(),
  shared: new Map(),
  keys: new Map(),
  sas: [],
  ikeHashes: new Map(),
  childHashes: new Map(),
};

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
});
