import { describe, expect, it } from 'vitest';
import { certificateTunnel, pskTunnel } from '../../drivers/strongswan/testing/tunnels.ts';
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
    const calling = '198.51.100.20 is initiating an IKE_SA';
    failures.readLine({ text: calling, ikeUniqueId: '9' }, tunnels, now);
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

  it('keeps a refused rekey while the tunnel is up, until one succeeds', () => {
    const failures = new Failures();
    const rekey = 'generating CREATE_CHILD_SA request 2 [ N(REKEY_SA) SA No KE TSi TSr ]';
    failures.readLine(lineOf(rekey), tunnels, now);
    failures.readLine(
      lineOf('received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built'),
      tunnels,
      now,
    );
    failures.readLine(lineOf('CHILD_SA rekeying failed, trying again in 12 seconds'), tunnels, now);
    failures.settle(pskTunnel, undefined, later);
    expect(failures.causeOf(pskTunnel.name)?.code).toBe('child/rekey-refused');
    failures.readLine(lineOf(rekey), tunnels, later);
    const established = 'inbound CHILD_SA v4{3} established with SPIs c1_i c2_o and TS a === b';
    failures.readLine(lineOf(established), tunnels, later);
    expect(failures.causeOf(pskTunnel.name)).toBeUndefined();
  });

  it('shows what is wrong with a tunnel that is up since it has been so', () => {
    const failures = new Failures();
    const flaw = { code: 'child/selectors-narrowed', named: ['a', 'b'], isSpecific: true } as const;
    failures.readLine(lineOf('giving up after 3 retransmits'), tunnels, now);
    failures.settle(pskTunnel, flaw, now);
    failures.settle(pskTunnel, flaw, later);
    expect(failures.causeOf(pskTunnel.name)).toMatchObject({
      code: 'child/selectors-narrowed',
      at: now.toISOString(),
    });
    failures.settle(pskTunnel, { ...flaw, named: ['c', 'b'] }, later);
    expect(failures.causeOf(pskTunnel.name)?.at).toBe(later.toISOString());
    failures.settle(pskTunnel, undefined, later);
    expect(failures.causeOf(pskTunnel.name)).toBeUndefined();
  });

  it('finds the tunnel of a packet that did not leave by the one that was sent last', () => {
    const failures = new Failures();
    const sent = 'sending packet: from 192.0.2.10[500] to 198.51.100.20[500] (296 bytes)';
    failures.readLine(lineOf(sent), tunnels, now);
    const text = 'error writing to socket: Operation not permitted';
    expect(failures.readLine({ text }, tunnels, now)).toEqual([pskTunnel.name]);
    expect(failures.causeOf(pskTunnel.name)?.code).toBe('ike/output-blocked');
    expect(failures.trailOf(pskTunnel.name).map((step) => step.text)).toEqual([
      'the packet could not be sent: Operation not permitted',
    ]);
  });

  it('takes nothing of an SA for one of the same number in another life of the daemon', () => {
    const failures = new Failures();
    failures.readLine(
      { text: '198.51.100.20 is initiating an IKE_SA', ikeUniqueId: '1' },
      tunnels,
      now,
    );
    failures.beginLife();
    const line = { text: 'received proposals unacceptable', ikeUniqueId: '1' };
    expect(failures.readLine(line, tunnels, now)).toEqual([]);
  });

  it('lets nothing from before the clock was set back stand against what is new', () => {
    const failures = new Failures();
    failures.readLine(
      lineOf("tried 1 shared key for 'a' - 'b', but MAC mismatched"),
      tunnels,
      later,
    );
    expect(failures.causeOf(pskTunnel.name)?.code).toBe('ike/wrong-psk');
    failures.readLine(lineOf('giving up after 3 retransmits', '2'), tunnels, now);
    expect(failures.causeOf(pskTunnel.name)?.code).toBe('ike/no-answer');
  });

  it('reads alerts, which say less than the log', () => {
    const failures = new Failures();
    const read = (alert: string, name: string): string[] =>
      failures.readAlert(alert, name, tunnels, now);
    expect(read('peer-auth-failed', pskTunnel.name)).toEqual([pskTunnel.name]);
    expect(failures.causeOf(pskTunnel.name)?.code).toBe('ike/not-authenticated');
    expect(read('peer-auth-failed', 'foreign')).toEqual([]);
    expect(read('retransmit-send', pskTunnel.name)).toEqual([]);
  });

  it('takes a caller from anywhere to be meant for the tunnels that are open to anybody', () => {
    const failures = new Failures();
    const { remoteAddress: _, ...open } = certificateTunnel;
    const line = { text: '203.0.113.77 is initiating an IKE_SA', ikeUniqueId: '5' };
    failures.readLine(line, [pskTunnel, open], now);
    const text = 'received proposals unacceptable';
    expect(failures.readLine({ text, ikeUniqueId: '5' }, [pskTunnel, open], now)).toEqual([
      open.name,
    ]);
  });

  describe('of a tunnel that the other side closes', () => {
    const ends = 'between 192.0.2.10[a]...198.51.100.20[b]';
    const rise = (failures: Failures, id: number, at: Date): void => {
      const text = `IKE_SA ${pskTunnel.name}[${id}] established ${ends}`;
      failures.readLine(lineOf(text, String(id)), tunnels, at);
    };
    const close = (failures: Failures, id: number, at: Date): string[] => {
      const text = `received DELETE for IKE_SA ${pskTunnel.name}[${id}]`;
      return failures.readLine(lineOf(text, String(id)), tunnels, at);
    };
    const seconds = (n: number): Date => new Date(now.getTime() + n * 1000);

    it('again and again, says so, and stops when it stays up', () => {
      const failures = new Failures();
      for (const id of [1, 2, 3, 4, 5]) {
        rise(failures, id, seconds(id * 2));
        failures.settle(pskTunnel, undefined, seconds(id * 2));
        close(failures, id, seconds(id * 2 + 1));
        const code = id < 5 ? 'ike/peer-deleted' : 'ike/flapping';
        expect(failures.causeOf(pskTunnel.name)?.code).toBe(code);
      }
      expect(failures.causeOf(pskTunnel.name)?.message).toContain('5 times within ten minutes');
      rise(failures, 6, seconds(13));
      failures.settle(pskTunnel, undefined, seconds(14));
      expect(failures.causeOf(pskTunnel.name)?.code).toBe('ike/flapping');
      failures.settle(pskTunnel, undefined, seconds(42));
      expect(failures.causeOf(pskTunnel.name)).toBeUndefined();
    });

    it('without a word, too: it has another SA of our identity', () => {
      const failures = new Failures();
      for (const id of [1, 2, 3, 4, 5]) {
        rise(failures, id, seconds(id * 20));
        const line = lineOf('giving up after 3 retransmits', String(id));
        expect(failures.readLine(line, tunnels, seconds(id * 20 + 10))).toEqual([pskTunnel.name]);
      }
      expect(failures.causeOf(pskTunnel.name)?.code).toBe('ike/flapping');
      // From here on it does not come up at all, which is another story.
      failures.readLine(lineOf('giving up after 3 retransmits', '6'), tunnels, seconds(130));
      expect(failures.causeOf(pskTunnel.name)?.code).toBe('ike/no-answer');
    });

    it('is silent about SAs that others have taken the place of', () => {
      const failures = new Failures();
      for (const id of [1, 2, 3, 4, 5]) {
        rise(failures, id, seconds(id));
        if (id > 1) expect(close(failures, id - 1, seconds(id))).toEqual([]);
      }
      expect(failures.causeOf(pskTunnel.name)).toBeUndefined();
    });
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
