/** Lines as charon 5.9.8 and 6.0 print them, and what an operator is told. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagnosesIn } from '../testing/read-log.ts';
import { pskTunnel } from '../testing/tunnels.ts';
import { CAUSES, type CauseCode } from './cause-texts.ts';
import { toCause } from './causes.ts';

const NOW = new Date('2026-06-01T00:00:00Z');

const LINES: readonly (readonly [line: string, code: CauseCode, message: string])[] = [
  [
    "tried 2 shared keys for 'gw.example' - 'peer.example', but MAC mismatched",
    'ike/wrong-psk',
    'the pre-shared key of peer.example differs from ours',
  ],
  [
    "no shared key found for 'gw.example' - 'other.example'",
    'ike/no-psk',
    'no pre-shared key of ours belongs to other.example; we expect 198.51.100.20',
  ],
  [
    "no private key found for 'gw.example'",
    'ike/no-private-key',
    'no private key is loaded for our identity gw.example',
  ],
  [
    "constraint check failed: identity 'peer.example' required",
    'ike/wrong-identity',
    'the other side is somebody else, we expect peer.example',
  ],
  [
    'subject certificate invalid (valid from Jan 01 00:00:00 2020 to Jan 01 00:00:00 2021)',
    'ike/certificate-expired',
    'the certificate of the other side expired on Jan 01 00:00:00 2021; the clock of this host shows 2026-06-01T00:00:00.000Z',
  ],
  [
    "constraint check failed: peer not authenticated by CA 'CN=CA'",
    'ike/certificate-untrusted',
    'the certificate of the other side does not come from what this connection accepts: the authority in auth.certificate.peerAuthority',
  ],
  [
    'no issuer certificate found for "CN=peer"',
    'ike/certificate-untrusted',
    'the certificate of CN=peer does not come from what this connection accepts: the authority in auth.certificate.peerAuthority',
  ],
  [
    "no trusted ECDSA public key found for 'peer.example'",
    'ike/certificate-untrusted',
    'the certificate of peer.example does not come from what this connection accepts: the authority in auth.certificate.peerAuthority',
  ],
  [
    'received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built',
    'child/no-common-proposal',
    'no ESP proposal in common: we offer aes256gcm16-ecp384, aes256gcm16-x25519, aes256-sha256-modp3072',
  ],
  [
    'no acceptable proposal found',
    'child/no-common-proposal',
    'no ESP proposal in common: we offer aes256gcm16-ecp384, aes256gcm16-x25519, aes256-sha256-modp3072',
  ],
  [
    'received NO_PROPOSAL_CHOSEN notify error',
    'ike/no-common-proposal',
    'no IKE proposal in common: we offer aes256gcm16-prfsha384-ecp384, aes256gcm16-prfsha384-x25519, aes256-sha256-modp3072',
  ],
  [
    'received proposals unacceptable',
    'ike/no-common-proposal',
    'no IKE proposal in common: we offer aes256gcm16-prfsha384-ecp384, aes256gcm16-prfsha384-x25519, aes256-sha256-modp3072',
  ],
  [
    'received TS_UNACCEPTABLE notify, no CHILD_SA built',
    'child/selectors-refused',
    'the other side does not accept the networks we propose (ours <-> its): 10.10.0.0/16 <-> 10.20.0.0/16; fd10::/48 <-> fd20::/48',
  ],
  [
    'traffic selectors 10.9.0.0/16 === 10.8.0.0/16 unacceptable',
    'child/selectors-refused',
    'the other side proposes the networks (ours <-> its) 10.9.0.0/16 <-> 10.8.0.0/16, we have 10.10.0.0/16 <-> 10.20.0.0/16; fd10::/48 <-> fd20::/48',
  ],
  [
    'received AUTHENTICATION_FAILED notify error',
    'ike/authentication-refused',
    '198.51.100.20 refused to authenticate us as 192.0.2.10',
  ],
  [
    'received SINGLE_PAIR_REQUIRED notify, no CHILD_SA built',
    'child/failed',
    'the Child SA could not be made: received SINGLE_PAIR_REQUIRED notify, no CHILD_SA built',
  ],
  [
    'unable to resolve peer.example, initiate aborted',
    'ike/name-not-resolved',
    'the name 198.51.100.20 could not be resolved',
  ],
  [
    'error writing to socket: Network is unreachable',
    'ike/no-route',
    'packets to 198.51.100.20 could not be sent: Network is unreachable',
  ],
  [
    "resolving 'peer.example' failed: Name or service not known",
    'ike/name-not-resolved',
    'the name 198.51.100.20 could not be resolved',
  ],
  [
    'establishing IKE_SA failed, peer not responding',
    'ike/no-answer',
    '198.51.100.20 did not answer',
  ],
  [
    'error writing to socket: Operation not permitted',
    'ike/output-blocked',
    'packets to 198.51.100.20 did not leave this host: its own firewall drops them on output',
  ],
  [
    'received INVALID_MAJOR_VERSION notify error',
    'ike/version-1',
    '198.51.100.20 speaks IKEv1, which is never accepted here',
  ],
  [
    'requested DH group MODP_2048 not contained in any of our proposals',
    'child/no-common-proposal',
    'no ESP proposal in common: we offer aes256gcm16-ecp384, aes256gcm16-x25519, aes256-sha256-modp3072',
  ],
  [
    'requested key exchange method MODP_2048 not contained in any of our proposals',
    'child/no-common-proposal',
    'no ESP proposal in common: we offer aes256gcm16-ecp384, aes256gcm16-x25519, aes256-sha256-modp3072',
  ],
  ['giving up after 3 retransmits', 'ike/no-answer', '198.51.100.20 did not answer'],
  ['received DELETE for IKE_SA site[3]', 'ike/peer-deleted', '198.51.100.20 closed the tunnel'],
  [
    'unable to install inbound and outbound IPsec SA (SAD) in kernel',
    'child/failed',
    'the Child SA could not be made: unable to install inbound and outbound IPsec SA (SAD) in kernel',
  ],
];

describe('LogReader', () => {
  it.each(LINES)('reads "%s"', (line, code, message) => {
    const [diagnosis] = diagnosesIn([line], NOW);
    expect(diagnosis?.code).toBe(code);
    if (diagnosis !== undefined) {
      expect(toCause(diagnosis, pskTunnel, NOW.toISOString())).toMatchObject({ code, message });
    }
  });

  it.each([
    'sending packet: from 192.0.2.1[500] to 198.51.100.20[500] (264 bytes)',
    'IKE_SA sp.a.b.c[1] established between 192.0.2.1[a]...198.51.100.20[b]',
    'no matching peer config found',
    '198.51.100.20 is initiating an IKE_SA',
    'no matching proposal found, trying alternative config',
    "authentication of '192.0.2.10' (myself) with pre-shared key",
    "authentication of '198.51.100.20' with pre-shared key successful",
    'received DELETE for ESP CHILD_SA with SPI c9df24e0',
    'sending DPD request',
    'no IKE config found for 192.0.2.10...198.51.100.20, sending NO_PROPOSAL_CHOSEN',
    'received TEMPORARY_FAILURE notify, will retry later',
    'IKE_SA rekeying failed, trying again in 12 seconds',
    "x' giving up after 3 retransmits",
    '',
  ])('sees no failure in "%s"', (line) => {
    expect(diagnosesIn([line], NOW)).toEqual([]);
  });
});

describe('whatever is logged', () => {
  it('reading it never fails, and what is found makes a sentence', () => {
    const word = fc.constantFrom(
      ...['received', 'NO_PROPOSAL_CHOSEN', 'notify', 'error', 'identity', "'", 'required', '{1}'],
      ...['constraint check failed:', 'no issuer certificate found for "', '"', '[', ']', '...'],
      ...['looking for peer configs matching', 'no matching peer config found', '\u0000', '$&'],
    );
    const line = fc.array(word, { maxLength: 9 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
        for (const diagnosis of diagnosesIn(lines, NOW)) {
          const cause = toCause(diagnosis, pskTunnel, NOW.toISOString());
          expect(cause.message).not.toContain('undefined');
          expect(CAUSES[diagnosis.code]).toBeDefined();
        }
      }),
    );
  });
});
