/** Whole attempts as charon 5.9.8 logs them, and the one cause that is kept of each. */
import { describe, expect, it } from 'vitest';
import { type CauseCode, LogReader, outranks, toCause } from './causes.ts';
import { pskTunnel } from './testing/tunnels.ts';

const AT = '2026-06-01T00:00:00.000Z';

/** What charon says of one attempt from its first line to its last, as it comes. */
const ATTEMPTS: readonly {
  readonly what: string;
  readonly lines: readonly string[];
  readonly code: CauseCode;
  readonly says: string;
  /** What the operator is to compare with the other side. */
  readonly hint: string;
}[] = [
  {
    what: 'an answer with another ESP proposal, where we answer',
    lines: [
      '198.51.100.20 is initiating an IKE_SA',
      "authentication of '198.51.100.20' with pre-shared key successful",
      'no acceptable proposal found',
      'failed to establish CHILD_SA, keeping IKE_SA',
    ],
    code: 'child/no-common-proposal',
    says: 'no ESP proposal in common',
    hint: 'compare encryption, integrity and the PFS group of phase 2',
  },
  {
    what: 'networks that the other side does not accept',
    lines: [
      'received TS_UNACCEPTABLE notify, no CHILD_SA built',
      'failed to establish CHILD_SA, keeping IKE_SA',
      'received DELETE for IKE_SA sp.default.partner-a.main[1]',
    ],
    code: 'child/selectors-refused',
    says: '10.10.0.0/16 <-> 10.20.0.0/16',
    hint: 'compare the networks on both sides, mirrored',
  },
  {
    what: 'a device that keeps one pair of networks to an SA',
    lines: [
      'received SINGLE_PAIR_REQUIRED notify, no CHILD_SA built',
      'failed to establish CHILD_SA, keeping IKE_SA',
    ],
    code: 'child/failed',
    says: 'received SINGLE_PAIR_REQUIRED',
    hint: 'log of the daemon on both sides',
  },
  {
    what: 'a good certificate of somebody else',
    lines: [
      "authentication of 'other.example' with ECDSA_WITH_SHA384_DER successful",
      "constraint check failed: identity 'peer.example' required ",
      "selected peer config 'sp.default.partner-a.main' unacceptable: constraint checking failed",
      'no alternative config found',
    ],
    code: 'ike/wrong-identity',
    says: 'the other side is other.example, we expect peer.example',
    hint: 'set tunnels[].remote.id to what the other side sends',
  },
  {
    what: 'a certificate of an authority that another connection accepts',
    lines: [
      "authentication of 'peer.example' with RSA_EMSA_PKCS1_SHA2_256 successful",
      "constraint check failed: peer not authenticated by CA 'O=Ours, CN=CA'",
      "selected peer config 'sp.default.partner-a.main' unacceptable: constraint checking failed",
    ],
    code: 'ike/certificate-untrusted',
    says: 'the certificate of peer.example does not come from the authority',
    hint: 'compare the issuer of its certificate with the Secret in auth.certificate.peerAuthority',
  },
  {
    what: 'a certificate of an authority that nobody knows',
    lines: [
      'no issuer certificate found for "O=Theirs, CN=peer.example"',
      '  issuer is "O=Theirs, CN=CA"',
      "no trusted ECDSA public key found for 'peer.example'",
    ],
    code: 'ike/certificate-untrusted',
    says: 'the certificate of O=Theirs, CN=peer.example does not come',
    hint: 'have the other side send its intermediate certificates',
  },
  {
    what: 'a certificate that has expired',
    lines: [
      'subject certificate invalid (valid from Jan 01 00:00:00 2020 to Jan 01 00:00:00 2021)',
      "no trusted ECDSA public key found for 'peer.example'",
    ],
    code: 'ike/certificate-expired',
    says: 'to Jan 01 00:00:00 2021',
    hint: 'compare the clocks of both gateways',
  },
  {
    what: 'another pre-shared key, where we answer',
    lines: [
      '198.51.100.20 is initiating an IKE_SA',
      'looking for peer configs matching 192.0.2.10[192.0.2.10]...198.51.100.20[198.51.100.20]',
      "tried 1 shared key for '192.0.2.10' - '198.51.100.20', but MAC mismatched",
    ],
    code: 'ike/wrong-psk',
    says: 'the pre-shared key of 198.51.100.20 differs',
    hint: 'look for a trailing blank or line break',
  },
  {
    what: 'a key that was not loaded, or a peer that sends another identity',
    lines: ["no shared key found for '192.0.2.10' - 'fw1.example'"],
    code: 'ike/no-psk',
    says: 'belongs to fw1.example; we expect 198.51.100.20',
    hint: 'set tunnels[].remote.id to it',
  },
  {
    what: 'a cable that is not there',
    lines: [
      'error writing to socket: Network is unreachable',
      'retransmit 1 of request with message ID 0',
    ],
    code: 'ike/no-route',
    says: 'could not be sent: Network is unreachable',
    hint: 'look at the routes of this host to 198.51.100.20',
  },
  {
    what: 'a silent peer',
    lines: ['giving up after 3 retransmits', 'establishing IKE_SA failed, peer not responding'],
    code: 'ike/no-answer',
    says: '198.51.100.20 did not answer',
    hint: 'whether UDP 500 and 4500 pass every firewall between 192.0.2.10 and 198.51.100.20',
  },
];

describe('an attempt', () => {
  it.each(ATTEMPTS)('that fails by $what', ({ lines, code, says, hint }) => {
    const reader = new LogReader();
    const findings = lines.flatMap((line) => reader.read(line) ?? []);
    const [first, ...rest] = findings;
    if (first === undefined) throw new Error('no line tells of a failure');
    const kept = rest.reduce((best, next) => (outranks(next, best) ? next : best), first);
    const cause = toCause(kept, pskTunnel, AT);
    expect(cause.code).toBe(code);
    expect(cause.message).toContain(says);
    expect(cause.hint).toContain(hint);
  });

  it('with foreign proposals is known by its caller: no connection is chosen yet', () => {
    const reader = new LogReader();
    reader.read('198.51.100.20 is initiating an IKE_SA');
    reader.read('no matching proposal found, trying alternative config');
    expect(reader.read('received proposals unacceptable')).toMatchObject({
      code: 'ike/no-common-proposal',
      peer: '198.51.100.20',
    });
  });
});
