/** Lines as charon 5.9.8 and 6.0 print them, and what an operator is told. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { causeReference } from './cause-reference.ts';
import { CAUSES, type CauseCode, type Finding, LogReader, outranks, toCause } from './causes.ts';
import { pskTunnel } from './testing/tunnels.ts';

const AT = '2026-06-01T00:00:00.000Z';

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
    'a certificate is outside its lifetime: subject certificate invalid (valid from Jan 01 00:00:00 2020 to Jan 01 00:00:00 2021)',
  ],
  [
    "constraint check failed: peer not authenticated by CA 'CN=CA'",
    'ike/certificate-untrusted',
    'the certificate of somebody else does not come from the authority that this connection accepts',
  ],
  [
    'no issuer certificate found for "CN=peer"',
    'ike/certificate-untrusted',
    'the certificate of CN=peer does not come from the authority that this connection accepts',
  ],
  [
    "no trusted ECDSA public key found for 'peer.example'",
    'ike/certificate-untrusted',
    'the certificate of peer.example does not come from the authority that this connection accepts',
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
    'the other side does not accept the networks we propose: 10.10.0.0/16 <-> 10.20.0.0/16; fd10::/48 <-> fd20::/48',
  ],
  [
    'traffic selectors 10.9.0.0/16 === 10.8.0.0/16 unacceptable',
    'child/selectors-refused',
    'the other side does not accept the networks we propose: 10.10.0.0/16 <-> 10.20.0.0/16; fd10::/48 <-> fd20::/48',
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
    const finding = new LogReader().read(line);
    expect(finding?.code).toBe(code);
    if (finding !== undefined) {
      expect(toCause(finding, pskTunnel, AT)).toMatchObject({ code, message, at: AT });
    }
  });

  it('knows who calls with an identity that nobody expects, from two lines', () => {
    const reader = new LogReader();
    const looking = 'looking for peer configs matching 192.0.2.1[us]...198.51.100.9[fake.example]';
    expect(reader.read(looking)).toBeUndefined();
    expect(reader.read('no matching peer config found')).toEqual({
      code: 'ike/unknown-identity',
      named: ['198.51.100.9', 'fake.example'],
      peer: '198.51.100.9',
      isSpecific: true,
    });
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
    '',
  ])('sees no failure in "%s"', (line) => {
    expect(new LogReader().read(line)).toBeUndefined();
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
        const reader = new LogReader();
        for (const finding of lines.flatMap((text) => reader.read(text) ?? [])) {
          const cause = toCause(finding, pskTunnel, AT);
          expect(cause.message).not.toContain('undefined');
          expect(CAUSES[finding.code]).toBeDefined();
        }
      }),
    );
  });
});

describe('outranks', () => {
  const finding = (code: CauseCode, isSpecific = true): Finding => ({
    code,
    named: [],
    isSpecific,
  });

  it('keeps the reason when the verdict follows', () => {
    expect(outranks(finding('ike/peer-deleted'), finding('ike/wrong-psk'))).toBe(false);
    expect(outranks(finding('child/failed'), finding('child/selectors-refused'))).toBe(false);
    expect(outranks(finding('ike/wrong-identity', false), finding('ike/wrong-psk'))).toBe(false);
    expect(outranks(finding('ike/authentication-refused'), finding('ike/wrong-psk'))).toBe(false);
  });

  it('takes whatever is heard of a peer that was silent before', () => {
    const silent = finding('ike/no-answer');
    expect(outranks(finding('ike/authentication-refused'), silent)).toBe(true);
    expect(outranks(finding('ike/wrong-identity', false), silent)).toBe(true);
  });

  it('takes the later of two verdicts: the peer was changed in between', () => {
    const before = finding('ike/no-common-proposal');
    expect(outranks(finding('ike/authentication-refused'), before)).toBe(true);
  });

  it('takes the later of two reasons', () => {
    expect(outranks(finding('ike/wrong-identity'), finding('ike/wrong-psk'))).toBe(true);
    expect(outranks(finding('ike/authentication-refused'), finding('child/failed'))).toBe(true);
  });
});

describe('the sentences', () => {
  it.each(Object.entries(CAUSES))('of %s leave no placeholder open', (code, { hint }) => {
    const cause = toCause({ code: code as CauseCode, named: ['one', 'two'] }, pskTunnel, AT);
    expect(`${cause.message} ${cause.hint}`).not.toMatch(/[{}]|undefined/);
    expect(hint).not.toBe('');
  });

  it('speak of any address where the tunnel has none', () => {
    const { remoteAddress: _, localAddress: __, ...open } = pskTunnel;
    const cause = toCause({ code: 'ike/no-answer', named: [] }, open, AT);
    expect(cause.message).toBe('the other side did not answer');
    expect(cause.hint).toContain('between this host and the other side');
  });

  it('are all in the reference', () => {
    const reference = causeReference();
    for (const code of Object.keys(CAUSES)) expect(reference).toContain(`### \`${code}\``);
    expect(reference).not.toMatch(/[{}]/);
  });
});
