import { describe, expect, it } from 'vitest';
import { innerMtu, mssBytes, worstInnerMtu } from './mtu.ts';

describe('innerMtu', () => {
  it.each([
    // Figures of kernel ESP in UDP over Ethernet, counted from RFC 4303 §2.
    { proposal: 'aes256gcm16-ecp384', underlay: 1500, outer: 4, inner: 1438 },
    { proposal: 'aes256gcm16-ecp384', underlay: 1500, outer: 6, inner: 1418 },
    { proposal: 'chacha20poly1305-x25519', underlay: 1500, outer: 4, inner: 1438 },
    { proposal: 'aes128gcm8-ecp256', underlay: 1500, outer: 4, inner: 1446 },
    { proposal: 'aes128gcm64-ecp256', underlay: 1500, outer: 4, inner: 1446 },
    { proposal: 'aes256ccm12-ecp384', underlay: 1500, outer: 4, inner: 1442 },
    { proposal: 'aes256-sha256-modp3072', underlay: 1500, outer: 4, inner: 1422 },
    { proposal: 'aes256-sha384-modp3072', underlay: 1500, outer: 4, inner: 1422 },
    { proposal: 'aes256-sha512-modp3072', underlay: 1500, outer: 4, inner: 1406 },
    { proposal: 'aes128-sha1-modp2048', underlay: 1500, outer: 4, inner: 1422 },
    { proposal: 'aes128-sha1_160-modp2048', underlay: 1500, outer: 4, inner: 1422 },
    { proposal: 'aes128-sha256_96-modp2048', underlay: 1500, outer: 4, inner: 1422 },
    { proposal: '3des-sha1-modp2048', underlay: 1500, outer: 4, inner: 1438 },
    { proposal: 'aes256ctr-sha256-modp2048', underlay: 1500, outer: 4, inner: 1438 },
    { proposal: 'aes128-aesxcbc', underlay: 1500, outer: 4, inner: 1422 },
    { proposal: 'aes128-md5_128', underlay: 1500, outer: 4, inner: 1422 },
    { proposal: 'null-sha256', underlay: 1500, outer: 4, inner: 1446 },
    { proposal: 'aes256gmac-ecp384', underlay: 1500, outer: 4, inner: 1438 },
    // PPPoE: the sizes where suites that look alike at 1500 part.
    { proposal: 'aes256gcm16-ecp384', underlay: 1492, outer: 4, inner: 1430 },
    { proposal: 'aes256gmac-ecp384', underlay: 1492, outer: 4, inner: 1430 },
    { proposal: 'aes256-sha256-modp3072', underlay: 1492, outer: 4, inner: 1422 },
    { proposal: 'aes256gcm16-ecp384', underlay: 9001, outer: 4, inner: 8938 },
    { proposal: 'aes256gcm16-ecp384', underlay: 1280, outer: 6, inner: 1198 },
  ] as const)('of $proposal in $underlay bytes over IPv$outer is $inner', (row) => {
    const inner = innerMtu(row.proposal, row.underlay, row.outer);
    expect(inner).toBe(row.inner);
  });

  // In one proposal, as with several, the choice is the peer's.
  it.each([
    { proposal: 'aes128gcm8-aes128gcm16-ecp256', asIn: 'aes128gcm16-ecp256' },
    { proposal: '3des-aes256-sha1-modp2048', asIn: 'aes256-sha1-modp2048' },
    { proposal: 'aes256ctr-aes256-sha256-modp3072', asIn: 'aes256-sha256-modp3072' },
    { proposal: 'aes256-sha256-sha512-modp3072', asIn: 'aes256-sha512-modp3072' },
  ])('of the alternatives $proposal is as small as of $asIn alone', ({ proposal, asIn }) => {
    for (const underlay of [1280, 1492, 1500]) {
      expect(innerMtu(proposal, underlay, 4)).toBe(innerMtu(asIn, underlay, 4));
    }
  });

  it('without UDP would be 8 bytes more for AES-GCM, which are kept free for a NAT on the path', () => {
    // 1500 - IP 20 - ESP 8 - IV 8 - trailer 2 - tag 16.
    expect(innerMtu('aes256gcm16-ecp384', 1500, 4)).toBe(1446 - 8);
    expect(innerMtu('aes256gcm16-ecp384', 1508, 4)).toBe(1446);
  });

  it('fills the underlay as far as blocks allow, and never overfills it', () => {
    // Outer header, UDP, ESP header, IV, padded packet with its trailer, ICV.
    const cbc = (bytes: number): number => 20 + 8 + 8 + 16 + Math.ceil((bytes + 2) / 16) * 16 + 16;
    for (let underlay = 1280; underlay <= 1500; underlay += 1) {
      const inner = innerMtu('aes256-sha256-modp3072', underlay, 4);
      expect(cbc(inner)).toBeLessThanOrEqual(underlay);
      expect(cbc(inner + 1)).toBeGreaterThan(underlay);
    }
  });
});

describe('worstInnerMtu', () => {
  it('is that of the proposal with the most overhead, which the peer may choose at any rekey', () => {
    expect(worstInnerMtu(['aes256gcm16-ecp384', 'aes256-sha512-modp3072'], 1500, 4)).toBe(1406);
  });
});

describe('mssBytes', () => {
  it('leaves room for IP and TCP without options', () => {
    expect(mssBytes(1438, 4)).toBe(1398);
    expect(mssBytes(1438, 6)).toBe(1378);
  });
});
