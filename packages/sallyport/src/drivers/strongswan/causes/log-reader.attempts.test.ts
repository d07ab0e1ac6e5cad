/** Whole attempts as charon 5.9.8 logs them, and the one cause that is kept of each. */
import { describe, expect, it } from 'vitest';
import { diagnosesIn, keptOf } from '../testing/read-log.ts';
import { pskTunnel } from '../testing/tunnels.ts';
import type { CauseCode } from './cause-texts.ts';
import { toCause } from './causes.ts';
import { LogReader } from './log-reader.ts';

const NOW = new Date('2026-06-01T00:00:00Z');

const INIT_SENT = [
  'initiating IKE_SA sp.default.right.main[1] to 198.51.100.20',
  'generating IKE_SA_INIT request 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) N(FRAG_SUP) ]',
  'sending packet: from 192.0.2.10[500] to 198.51.100.20[500] (296 bytes)',
];
const INIT_ANSWERED = [
  'received packet: from 198.51.100.20[500] to 192.0.2.10[500] (304 bytes)',
  'parsed IKE_SA_INIT response 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) N(FRAG_SUP) N(CHDLESS_SUP) ]',
  'selected proposal: IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/ECP_384',
];
const GIVEN_UP = [
  'giving up after 3 retransmits',
  'establishing IKE_SA failed, peer not responding',
];
const CALLED = [
  'received packet: from 198.51.100.20[500] to 192.0.2.10[500] (464 bytes)',
  'parsed IKE_SA_INIT request 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) N(FRAG_SUP) ]',
  '198.51.100.20 is initiating an IKE_SA',
];
const retransmit = (port: number): string[] => [
  'retransmit 1 of request with message ID 1',
  `sending packet: from 192.0.2.10[${port}] to 198.51.100.20[${port}] (262 bytes)`,
];
const rekeyRefused = [
  'establishing CHILD_SA v4{3} reqid 1',
  'generating CREATE_CHILD_SA request 2 [ N(REKEY_SA) SA No KE TSi TSr ]',
  'sending packet: from 192.0.2.10[500] to 198.51.100.20[500] (301 bytes)',
  'received packet: from 198.51.100.20[500] to 192.0.2.10[500] (65 bytes)',
  'parsed CREATE_CHILD_SA response 2 [ N(NO_PROP) ]',
  'received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built',
  'failed to establish CHILD_SA, keeping IKE_SA',
  'CHILD_SA rekeying failed, trying again in 12 seconds',
];

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
      'received proposals: ESP:AES_CBC_128/HMAC_SHA2_256_128/NO_EXT_SEQ',
      'configured proposals: ESP:AES_GCM_16_256/ECP_384/NO_EXT_SEQ',
      'no acceptable proposal found',
      'closing IKE_SA due CHILD_SA setup failure',
    ],
    code: 'child/no-common-proposal',
    says: '198.51.100.20 offers ESP:AES_CBC_128/HMAC_SHA2_256_128/NO_EXT_SEQ, we accept ESP:AES_GCM_16_256/ECP_384/NO_EXT_SEQ',
    hint: 'compare encryption, integrity and the PFS group of phase 2',
  },
  {
    what: 'other IKE proposals, where we answer',
    lines: [
      ...CALLED,
      'received proposals: IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048',
      'configured proposals: IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/ECP_384',
      'remote host is behind NAT',
      'received proposals unacceptable',
    ],
    code: 'ike/no-common-proposal',
    says: '198.51.100.20 offers IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048, we accept IKE:AES_GCM_16_256/',
    hint: 'a gateway that has no connection for 192.0.2.10, or only one of IKEv1, answers in the same way',
  },
  {
    what: 'a peer that calls with IKEv1',
    lines: [
      'received packet: from 198.51.100.20[500] to 192.0.2.10[500] (168 bytes)',
      'parsed ID_PROT request 0 [ SA V V V V V ]',
      'no IKE config found for 192.0.2.10...198.51.100.20, sending NO_PROPOSAL_CHOSEN',
    ],
    code: 'ike/version-1',
    says: '198.51.100.20 speaks IKEv1',
    hint: 'set its connection for 192.0.2.10 to IKEv2',
  },
  {
    what: 'networks that the other side does not accept',
    lines: [
      'received TS_UNACCEPTABLE notify, no CHILD_SA built',
      'closing IKE_SA due CHILD_SA setup failure',
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
    what: 'a rekey that the other side refuses',
    lines: rekeyRefused,
    code: 'child/rekey-refused',
    says: 'the Child SA works and cannot be rekeyed: no proposal in common, we offer aes256gcm16-ecp384',
    hint: 'compare the PFS group',
  },
  {
    what: 'a rekey that we refuse',
    lines: [
      'parsed CREATE_CHILD_SA request 0 [ N(REKEY_SA) SA No KE TSi TSr ]',
      'received proposals: ESP:AES_GCM_16_256/ECP_521/NO_EXT_SEQ',
      'configured proposals: ESP:AES_GCM_16_256/ECP_384/NO_EXT_SEQ',
      'no acceptable proposal found',
      'failed to establish CHILD_SA, keeping IKE_SA',
      'generating CREATE_CHILD_SA response 0 [ N(NO_PROP) ]',
    ],
    code: 'child/rekey-refused',
    says: '198.51.100.20 offers ESP:AES_GCM_16_256/ECP_521/NO_EXT_SEQ, we accept ESP:AES_GCM_16_256/ECP_384/NO_EXT_SEQ',
    hint: 'packets are lost when its lifetime ends',
  },
  {
    what: 'a good certificate of somebody else',
    lines: [
      'received end entity cert "CN=other.example"',
      "authentication of 'other.example' with ECDSA_WITH_SHA384_DER successful",
      "constraint check failed: identity 'peer.example' required ",
      "selected peer config 'sp.default.partner-a.main' unacceptable: constraint checking failed",
      'no alternative config found',
    ],
    code: 'ike/wrong-identity',
    says: 'the other side is other.example, we expect peer.example',
    hint: 'set tunnels[].remote.id to the identity that it sends',
  },
  {
    what: 'a certificate of an authority that another connection accepts',
    lines: [
      'received end entity cert "CN=peer.example"',
      "authentication of 'peer.example' with RSA_EMSA_PKCS1_SHA2_256 successful",
      "constraint check failed: peer not authenticated by CA 'O=Ours, CN=CA'",
      "selected peer config 'sp.default.partner-a.main' unacceptable: constraint checking failed",
    ],
    code: 'ike/certificate-untrusted',
    says: 'the certificate of peer.example does not come from what this connection accepts',
    hint: 'compare the issuer of its certificate with the Secret in auth.certificate.peerAuthority',
  },
  {
    what: 'a certificate from below an authority that another connection accepts',
    lines: [
      'received end entity cert "CN=peer.example"',
      '  using certificate "CN=peer.example"',
      '  using untrusted intermediate certificate "O=Theirs, CN=Site"',
      '  using trusted ca certificate "O=Theirs, CN=Root"',
      '  reached self-signed root ca with a path length of 1',
      "authentication of 'peer.example' with RSA_EMSA_PKCS1_SHA2_256 successful",
      "constraint check failed: peer not authenticated by CA 'O=Ours, CN=CA'",
    ],
    code: 'ike/certificate-untrusted',
    says: 'the certificate of peer.example comes from O=Theirs, CN=Site, and this connection accepts the',
    hint: 'compare the issuer of its certificate with the Secret in auth.certificate.peerAuthority',
  },
  {
    what: 'a certificate of an authority that nobody knows',
    lines: [
      'received end entity cert "O=Theirs, CN=peer.example"',
      '  using certificate "O=Theirs, CN=peer.example"',
      'no issuer certificate found for "O=Theirs, CN=peer.example"',
      '  issuer is "O=Theirs, CN=CA"',
      "no trusted ECDSA public key found for 'peer.example'",
    ],
    code: 'ike/certificate-untrusted',
    says: 'the certificate of O=Theirs, CN=peer.example comes from O=Theirs, CN=CA, and this connection accepts the authority in',
    hint: 'have the other side send its intermediate certificates',
  },
  {
    what: 'a certificate of an authority that we accept, and the root above it that nobody knows',
    lines: [
      'received end entity cert "CN=right"',
      '  using certificate "CN=right"',
      '  using trusted intermediate ca certificate "O=Example, CN=Site"',
      'no issuer certificate found for "O=Example, CN=Site"',
      '  issuer is "O=Example, CN=Root"',
      "no trusted ECDSA public key found for 'right.example'",
    ],
    code: 'ike/certificate-untrusted',
    says: 'the certificate of O=Example, CN=Site comes from O=Example, CN=Root, and this connection accepts',
    hint: 'of an authority that is no root, add the root above it to that Secret',
  },
  {
    what: 'a certificate whose key may not sign, while a former one is known',
    lines: [
      'received end entity cert "CN=bad.example"',
      '  using certificate "CN=bad.example"',
      '  using trusted ca certificate "O=Example, CN=expected"',
      'rejecting certificate without digitalSignature or nonRepudiation keyUsage flags',
      'signature validation failed, looking for another key',
      '  using certificate "CN=right.example"',
      'signature validation failed, looking for another key',
      'generating INFORMATIONAL request 2 [ N(AUTH_FAILED) ]',
    ],
    code: 'ike/certificate-key-usage',
    says: 'the certificate of CN=bad.example does not permit its key to sign',
    hint: 'with key usage digitalSignature',
  },
  {
    what: 'a certificate that does not hold the identity',
    lines: [
      'received end entity cert "CN=other.example"',
      "no trusted ECDSA public key found for 'peer.example'",
    ],
    code: 'ike/certificate-wrong-name',
    says: 'the certificate CN=other.example does not hold the identity peer.example',
    hint: 'issued with that identity among its subject alternative names',
  },
  {
    what: 'a certificate that does not hold the identity, where an older one is known that does',
    lines: [
      'parsed IKE_AUTH response 1 [ IDr CERT AUTH SA TSi TSr ]',
      'received end entity cert "CN=other.example"',
      '  using certificate "CN=peer.example"',
      '  using trusted ca certificate "O=Example, CN=expected"',
      'certificate status is not available',
      'signature validation failed, looking for another key',
      '  using certificate "CN=peer.example"',
      'subject certificate invalid (valid from Jan 01 00:00:00 2020 to Jan 01 00:00:00 2021)',
      'generating INFORMATIONAL request 2 [ N(AUTH_FAILED) ]',
    ],
    code: 'ike/certificate-wrong-name',
    says: 'the certificate CN=other.example does not hold the identity 198.51.100.20',
    hint: 'subject alternative names',
  },
  {
    what: 'a certificate that does not hold the identity, where only an expired one is known that does',
    lines: [
      'received end entity cert "CN=other.example"',
      '  using certificate "CN=peer.example"',
      'subject certificate invalid (valid from Jan 01 00:00:00 2020 to Jan 01 00:00:00 2021)',
      "no trusted ECDSA public key found for 'peer.example'",
    ],
    code: 'ike/certificate-wrong-name',
    says: 'the certificate CN=other.example does not hold the identity',
    hint: 'subject alternative names',
  },
  {
    what: 'a new certificate that is not valid yet, while old ones of the same name are known',
    lines: [
      'received end entity cert "CN=peer.example"',
      '  using certificate "CN=peer.example"',
      'subject certificate invalid (valid from Nov 21 11:40:52 2026 to Nov 23 09:40:52 2026)',
      '  using certificate "CN=peer.example"',
      'signature validation failed, looking for another key',
      '  using certificate "CN=peer.example"',
      'subject certificate invalid (valid from Jan 01 00:00:00 2020 to Nov 21 08:40:47 2021)',
      'no issuer certificate found for "CN=peer.example"',
      '  issuer is "CN=older"',
      'generating INFORMATIONAL request 2 [ N(AUTH_FAILED) ]',
    ],
    code: 'ike/certificate-not-yet-valid',
    says: 'the certificate of CN=peer.example is valid only from Nov 21 11:40:52 2026',
    hint: 'compare the clocks',
  },
  {
    what: 'one who began, and does not believe our answer',
    lines: [
      'IKE_SA sp.default.partner-a.main[4] established between 192.0.2.1[gw.example]...198.51.100.20[198.51.100.20]',
      'parsed INFORMATIONAL request 2 [ N(AUTH_FAILED) ]',
    ],
    code: 'ike/authentication-refused',
    says: '198.51.100.20 refused to authenticate us',
    hint: 'the pre-shared key or certificate',
  },
  {
    what: 'a proof that is none, for a reason that is not logged',
    lines: ['generating INFORMATIONAL request 2 [ N(AUTH_FAILED) ]'],
    code: 'ike/not-authenticated',
    says: '198.51.100.20 did not prove to be 198.51.100.20',
    hint: 'look at the log of the daemon on this host',
  },
  {
    what: 'a certificate that has expired',
    lines: [
      'received end entity cert "CN=peer.example"',
      '  using certificate "CN=peer.example"',
      'subject certificate invalid (valid from Jan 01 00:00:00 2020 to Jan 01 00:00:00 2021)',
      "no trusted ECDSA public key found for 'peer.example'",
    ],
    code: 'ike/certificate-expired',
    says: 'the certificate of CN=peer.example expired on Jan 01 00:00:00 2021; the clock of this host shows 2026-06-01T00:00:00.000Z',
    hint: 'or set the clock of this host',
  },
  {
    what: 'a certificate of an authority that has expired',
    lines: [
      'received end entity cert "CN=peer.example"',
      'issuer certificate invalid (valid from Jan 01 00:00:00 2020 to Jan 01 00:00:00 2021)',
    ],
    code: 'ike/certificate-expired',
    says: 'the certificate of the authority of CN=peer.example expired on',
    hint: 'have the certificate renewed',
  },
  {
    what: 'a clock that is behind',
    lines: [
      'received end entity cert "CN=peer.example"',
      'subject certificate invalid (valid from Jan 01 00:00:00 2028 to Jan 01 00:00:00 2029)',
      "no trusted ECDSA public key found for 'peer.example'",
    ],
    code: 'ike/certificate-not-yet-valid',
    says: 'is valid only from Jan 01 00:00:00 2028; the clock of this host shows 2026-06-01T00:00:00.000Z',
    hint: 'compare the clocks',
  },
  {
    what: 'a certificate that was revoked',
    lines: [
      'received end entity cert "CN=peer.example"',
      'certificate was revoked on May 02 10:00:00 2026, reason: key compromise',
      "no trusted ECDSA public key found for 'peer.example'",
    ],
    code: 'ike/certificate-revoked',
    says: 'the certificate of CN=peer.example was revoked on May 02 10:00:00 2026 by its authority: key compromise',
    hint: 'use a new certificate',
  },
  {
    what: 'an authority that was revoked',
    lines: [
      'received end entity cert "CN=peer.example"',
      'checking certificate status of "CN=peer.example"',
      'certificate status is not available',
      'checking certificate status of "CN=Site"',
      '  crl correctly signed by "CN=Root"',
      'certificate was revoked on May 02 10:00:00 2026, reason: ca compromise',
    ],
    code: 'ike/certificate-revoked',
    says: 'the certificate of CN=Site was revoked on May 02 10:00:00 2026 by CN=Root: ca compromise',
    hint: 'use a new certificate',
  },
  {
    what: 'a certificate of which no list says anything, where one is demanded',
    lines: [
      'received end entity cert "CN=peer.example"',
      'checking certificate status of "CN=peer.example"',
      'certificate status is not available',
      'constraint check failed: RULE_CRL_VALIDATION is FAILED, but requires at least GOOD',
      "selected peer config 'sp.default.partner-a.main' unacceptable: constraint checking failed",
    ],
    code: 'ike/certificate-unchecked',
    says: 'no revocation list that is not over says that CN=peer.example is good',
    hint: 'put it into revocationLists',
  },
  {
    what: 'another pre-shared key, where we answer',
    lines: [
      ...CALLED,
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
    hint: 'set tunnels[].remote.id to fw1.example',
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
    what: 'a firewall of our own',
    lines: [...INIT_SENT, 'error writing to socket: Operation not permitted', ...GIVEN_UP],
    code: 'ike/output-blocked',
    says: 'did not leave this host',
    hint: 'let UDP 500 and 4500 from 192.0.2.10 to 198.51.100.20 pass in the output rules',
  },
  {
    what: 'a silent peer',
    lines: [...INIT_SENT, ...INIT_SENT.slice(2), ...GIVEN_UP],
    code: 'ike/no-answer',
    says: '198.51.100.20 did not answer: 2 packets left this host for its UDP port 500, and nothing came back',
    hint: 'whether UDP 500 and 4500 pass every firewall between 192.0.2.10 and 198.51.100.20',
  },
  {
    what: 'a path that lets only UDP 500 pass',
    lines: [
      ...[...INIT_SENT, ...INIT_ANSWERED, 'local host is behind NAT, sending keep alives'],
      'generating IKE_AUTH request 1 [ IDi IDr AUTH SA TSi TSr N(MULT_AUTH) N(EAP_ONLY) ]',
      'sending packet: from 192.0.2.10[4500] to 198.51.100.20[4500] (262 bytes)',
      ...[...retransmit(4500), ...GIVEN_UP],
    ],
    code: 'ike/nat-t-port-blocked',
    says: '198.51.100.20 answered on UDP port 500, and nothing came back from its port 4500',
    hint: 'let UDP 4500 pass in both directions between 192.0.2.10 and 198.51.100.20',
  },
  {
    what: 'a caller behind NAT that does not come through on 4500',
    lines: [
      ...[...CALLED, 'remote host is behind NAT'],
      'generating IKE_SA_INIT response 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) N(FRAG_SUP) ]',
      'sending packet: from 192.0.2.10[500] to 198.51.100.20[500] (304 bytes)',
      'deleting half open IKE_SA with 198.51.100.20 after timeout',
    ],
    code: 'ike/nat-t-port-blocked',
    says: 'nothing came back from its port 4500',
    hint: 'let UDP 4500 pass',
  },
  {
    what: 'a path that loses what is large',
    lines: [...INIT_SENT, ...INIT_ANSWERED, ...retransmit(500), ...GIVEN_UP],
    code: 'ike/silent-after-init',
    says: '198.51.100.20 took part in IKE_SA_INIT and then fell silent',
    hint: 'drops large or fragmented UDP packets',
  },
  {
    what: 'a peer that limits new IKE SAs',
    lines: [
      ...INIT_SENT,
      'received packet: from 198.51.100.20[500] to 192.0.2.10[500] (72 bytes)',
      'parsed IKE_SA_INIT response 0 [ N(COOKIE) ]',
      ...[...INIT_SENT, ...retransmit(500), ...GIVEN_UP],
    ],
    code: 'ike/peer-busy',
    says: '198.51.100.20 asked for a cookie',
    hint: 'raise its limits of half-open IKE SAs',
  },
  {
    what: 'a peer that falls silent while the tunnel is up',
    lines: [
      ...[...INIT_SENT, ...INIT_ANSWERED],
      'IKE_SA sp.default.right.main[1] established between 192.0.2.10[a]...198.51.100.20[b]',
      ...[...retransmit(4500), 'giving up after 3 retransmits'],
    ],
    code: 'ike/no-answer',
    says: '198.51.100.20 did not answer',
    hint: 'whether its gateway is up',
  },
];

describe('an attempt', () => {
  it.each(ATTEMPTS)('that fails by $what', ({ lines, code, says, hint }) => {
    const kept = keptOf(lines, NOW);
    if (kept === undefined) throw new Error('no line tells of a failure');
    const cause = toCause(kept, pskTunnel, NOW.toISOString());
    expect(cause.code).toBe(code);
    expect(cause.message).toContain(says);
    expect(cause.hint).toContain(hint);
  });

  it('with foreign proposals is known by its caller: no connection is chosen yet', () => {
    const lines = [
      '198.51.100.20 is initiating an IKE_SA',
      'no matching proposal found, trying alternative config',
      'received proposals unacceptable',
    ];
    expect(diagnosesIn(lines, NOW)).toMatchObject([
      { code: 'ike/no-common-proposal', peer: '198.51.100.20' },
    ]);
  });

  it('of an identity that nobody expects is known by its caller, whatever the identity is', () => {
    const lines = [
      '198.51.100.20 is initiating an IKE_SA',
      'looking for peer configs matching 192.0.2.1[us]...198.51.100.20[x]...203.0.113.9[fake]',
      'no matching peer config found',
    ];
    expect(diagnosesIn(lines, NOW)).toMatchObject([
      { code: 'ike/unknown-identity', peer: '198.51.100.20' },
    ]);
  });

  it('keeps of a name that a peer sends only as much as a person reads', () => {
    const [diagnosis] = diagnosesIn([`no shared key found for 'a' - '${'b'.repeat(10_000)}'`], NOW);
    expect(diagnosis?.named[0]?.length).toBeLessThan(1000);
  });
});

describe('a rekey', () => {
  it('that succeeds ends what refused ones were told of, and a new Child SA does not', () => {
    const reader = new LogReader();
    const established = (id: number): string =>
      `CHILD_SA v4{${id}} established with SPIs 48114ae4_i bdc5544e_o and TS 10.1.0.0/24 === 10.2.0.0/24`;
    expect(reader.read(established(1), NOW)).toBeUndefined();
    for (const line of rekeyRefused) reader.read(line, NOW);
    expect(reader.read(`inbound ${established(4)}`, NOW)).toEqual({
      mends: 'child/rekey-refused',
    });
  });
});

describe('an IKE SA that comes up', () => {
  it('is told with its unique id, also where it takes the place of another one', () => {
    const read = (line: string): unknown => new LogReader().read(line, NOW);
    const ends = 'between 198.51.100.1[left.example]...203.0.113.1[right.example]';
    expect(read(`IKE_SA sp.default.right.main[2] established ${ends}`)).toEqual({
      established: '2',
    });
    expect(read(`IKE_SA sp.default.right.main[3] rekeyed ${ends}`)).toEqual({ established: '3' });
  });
});
