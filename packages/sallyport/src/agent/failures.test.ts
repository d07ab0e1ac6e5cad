import { describe, expect, it } from 'vitest';
import { certificateTunnel, pskTunnel } from '../drivers/strongswan/testing/tunnels.ts';
import { Failures } from './failures.ts';

const tunnels = [pskTunnel, certificateTunnel];
const now = new Date('2026-06-01T00:00:00Z');
const later = new Date(now.getTime() + 61_000);

function lineOf(text: string, ikeUniqueId = '1'): Parameters<Failures['readLine']>[0] {
  return { ikeName: pskTunnel.name, ikeUniqueId, text };
}

describe('Failures', () => {
  it('explains the tunnel that the line is about, and no other', () => {
    const failures = new Failures();
    expect(failures.readLine(lineOf('giving up after 3 retransmits'), tunnels, now)).toEqual([
      pskTunnel.name,
    ]);
    expect(failures.causeOf(pskTunnel.name)?.code).toBe('ike/no-answer');
    expect(failures.causeOf(certificateTunnel.name)).toBeUndefined();
  });

  it('finds the tunnel by the address where the caller fits no connection', () => {
    const failures = new Failures();
    const looking = 'looking for peer configs matching 192.0.2.10[a]...198.51.100.20[b]';
    failures.readLine({ text: looking, ikeUniqueId: '9' }, tunnels, now);
    const line = { text: 'no matching peer config found', ikeUniqueId: '9' };
    expect(failures.readLine(line, tunnels, now)).toEqual([pskTunnel.name]);
  });

  it('keeps the reason against the verdict that follows it, for a minute', () => {
    const failures = new Failures();
    const verdict = lineOf('received AUTHENTICATION_FAILED notify error');
    const reason = lineOf("tried 1 shared key for 'a' - 'b', but MAC mismatched");
    failures.readLine(reason, tunnels, now);
    failures.readLine(verdict, tunnels, now);
    expect(failures.causeOf(pskTunnel.name)?.code).toBe('ike/wrong-psk');
    failures.readLine(verdict, tunnels, later);
    expect(failures.causeOf(pskTunnel.name)?.code).toBe('ike/authentication-refused');
  });

  it('keeps the steps of each tunnel, also of a caller whose connection is not chosen yet', () => {
    const failures = new Failures();
    const texts = [
      'received packet: from 198.51.100.20[500] to 192.0.2.10[500] (464 bytes)',
      '198.51.100.20 is initiating an IKE_SA',
      'received proposals: IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048',
      'received proposals unacceptable',
    ];
    for (const text of texts)
      failures.readLine({ ikeName: '(unnamed)', ikeUniqueId: '7', text }, tunnels, now);
    failures.addStep(pskTunnel.name, 'bringing up Child SA v4', now);
    expect(failures.trailOf(pskTunnel.name).map(({ text }) => text)).toEqual([
      'proposals received: IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048',
      'received proposals unacceptable',
      'bringing up Child SA v4',
    ]);
    expect(failures.trailOf(certificateTunnel.name)).toEqual([]);
    failures.keepOnly(new Set());
    expect(failures.trailOf(pskTunnel.name)).toEqual([]);
  });

  it('forgets what was mended', () => {
    const failures = new Failures();
    failures.readLine(lineOf('giving up after 3 retransmits'), tunnels, now);
    failures.forget(pskTunnel.name);
    expect(failures.causeOf(pskTunnel.name)).toBeUndefined();
  });

  it('reads the lines of ten thousand SAs with bounded memory', () => {
    const failures = new Failures();
    for (let id = 2; id < 10_000; id += 1) {
      failures.readLine(lineOf('sending packet', String(id)), tunnels, now);
    }
    expect(failures.readLine(lineOf('giving up after 3 retransmits', '1'), tunnels, now)).toEqual([
      pskTunnel.name,
    ]);
  });
});
