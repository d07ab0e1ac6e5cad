import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findKeyword, keywordNames } from './algorithm-keywords.ts';
import { BUILT_IN_POLICIES } from './built-in-policies.ts';
import { CryptoSpec } from './crypto-policy.ts';
import { type ProposalUse, proposalFaults } from './proposal.ts';

describe('proposalFaults', () => {
  it.each<[string, ProposalUse]>([
    ['aes256gcm16-prfsha384-ecp384', 'ike'],
    ['aes256-sha256-modp2048', 'ike'],
    ['aes128-aes256-sha256-sha384-prfsha384-ecp256-x25519', 'ike'],
    ['chacha20poly1305-prfsha256-x25519-ke1_mlkem768-ke2_none', 'ike'],
    ['aes256gcm16', 'esp'],
    ['aes256gcm128-x25519-none-esn-noesn', 'esp'],
    ['aes192ctr-aesxcbc', 'esp'],
  ])('has nothing against %s for %s', (proposal, use) => {
    expect(proposalFaults(proposal, use)).toEqual([]);
  });

  it.each<[string, ProposalUse, string, string | undefined]>([
    ['aes256gcm16-ecp384', 'ike', 'proposal/missing-prf', 'add one, such as prfsha384'],
    [
      'aes256gcm16-sha384-ecp384',
      'ike',
      'proposal/missing-prf',
      'write prfsha384 in place of sha384',
    ],
    ['aes256gcm16-sha2_384-ecp384', 'ike', 'proposal/missing-prf', 'add one, such as prfsha384'],
    ['aes256gcm16-prfsha384', 'ike', 'proposal/missing-key-exchange', 'add one, such as ecp384'],
    [
      'aes256gcm16-prfsha384-none',
      'ike',
      'proposal/missing-key-exchange',
      'add one, such as ecp384',
    ],
    [
      'aes256gcm16-prfsha384-ke1_mlkem768',
      'ike',
      'proposal/missing-key-exchange',
      'add one, such as ecp384',
    ],
    [
      'aes256-ecp384',
      'ike',
      'proposal/missing-integrity',
      'add one, such as sha256, or use an AEAD cipher',
    ],
    [
      'aes256',
      'esp',
      'proposal/missing-integrity',
      'add one, such as sha256, or use an AEAD cipher',
    ],
    ['sha256-ecp384', 'esp', 'proposal/missing-encryption', 'begin with one, such as aes256gcm16'],
    [
      'aes256-aes256gcm16-sha256',
      'esp',
      'proposal/mixed-ciphers',
      'write two proposals, one for each',
    ],
    ['aes256gcm16-prfsha384-ecp384', 'esp', 'proposal/misplaced-keyword', 'remove it'],
    ['aes256-sha256-ecp384-esn', 'ike', 'proposal/misplaced-keyword', 'remove it'],
    [
      'aes256gcm16-prfsha348-ecp384',
      'ike',
      'proposal/unknown-keyword',
      'did you mean "prfsha384"?',
    ],
    [
      'aes256gcm16-x25519-ke1_mlkem786',
      'esp',
      'proposal/unknown-keyword',
      'did you mean "ke1_mlkem768"?',
    ],
    ['aes256gcm16-ke8_mlkem768', 'esp', 'proposal/unknown-keyword', 'did you mean "mlkem768"?'],
    ['aes256gcm16-ke1_aes256', 'esp', 'proposal/unknown-keyword', undefined],
    ['default', 'esp', 'proposal/unknown-keyword', undefined],
    ['aes256-sha1', 'esp', 'proposal/weak', 'agree on a stronger suite with the other side'],
    [
      'aes256gcm16-modp1024',
      'esp',
      'proposal/weak',
      'agree on a stronger suite with the other side',
    ],
    ['aes256gmac', 'esp', 'proposal/weak', 'agree on a stronger suite with the other side'],
  ])('refuses %s for %s: %s', (proposal, use, code, hint) => {
    expect(proposalFaults(proposal, use).map((fault) => [fault.code, fault.details.hint])).toEqual([
      [code, hint],
    ]);
  });

  it('reports each weak keyword by itself', () => {
    const messages = proposalFaults('3des-md5-modp1024', 'ike').map(
      ({ details }) => details.message,
    );
    expect(messages).toEqual([
      '3des is weak: 64-bit blocks or short keys',
      'md5 is weak: MD5 and SHA-1 are broken as hashes',
      'modp1024 is weak: a group of less than 2048 bits',
    ]);
  });

  it('wants a cipher that encrypts in IKE', () => {
    const faults = proposalFaults('aes256gmac-prfsha384-ecp384', 'ike');
    expect(faults.map(({ code }) => code)).toEqual([
      'proposal/misplaced-keyword',
      'proposal/missing-encryption',
    ]);
    expect(faults[0]?.details.hint).toBe('choose a cipher that encrypts, such as aes256gcm16');
  });
});

describe('algorithm keywords', () => {
  /** Captured from a charon with all common plugins. */
  const listed = new Set(
    [
      ...readFileSync(`${import.meta.dirname}/testdata/list-algs-5.9.8.txt`, 'utf8').matchAll(
        /^ {2}(\S+)\[/gmu,
      ),
    ].map((match) => match[1]),
  );

  /** Names that this build did not have; nothing else may be missing, or a name is misspelt. */
  const absent = new Set([
    'SERPENT_CBC',
    'TWOFISH_CBC',
    'NULL_AES_GMAC',
    'HMAC_SHA2_256_96',
    'MODP_NULL',
    'ML_KEM_512',
    'ML_KEM_768',
    'ML_KEM_1024',
  ]);

  it('have the names that the daemon lists', () => {
    const unlisted = [...keywordNames()]
      .map((keyword) => findKeyword(keyword)?.algorithm)
      .filter((algorithm) => algorithm !== undefined && !listed.has(algorithm));
    expect(new Set(unlisted)).toEqual(absent);
  });

  it.each([
    ['aes256gcm', 'AES_GCM_16'],
    ['aes256gcm64', 'AES_GCM_8'],
    ['aes128ccm96', 'AES_CCM_12'],
    ['camellia192ccm8', 'CAMELLIA_CCM_8'],
    ['x25519', 'CURVE_25519'],
    ['ke3_curve448', 'CURVE_448'],
    ['modp2048s256', 'MODP_2048_256'],
    ['sha2_512', 'HMAC_SHA2_512_256'],
  ])('%s is %s', (keyword, algorithm) => {
    expect(findKeyword(keyword)?.algorithm).toBe(algorithm);
  });
});

describe('built-in policies', () => {
  it.each([...BUILT_IN_POLICIES])('%s is valid', (name, policy) => {
    expect(CryptoSpec.parse(policy)).toEqual(policy);
    const faults = [
      ...policy.ike.proposals.flatMap((proposal) => proposalFaults(proposal, 'ike')),
      ...policy.esp.proposals.flatMap((proposal) => proposalFaults(proposal, 'esp')),
    ];
    expect(new Set(faults.map(({ code }) => code))).toEqual(
      new Set(name === 'legacy' ? ['proposal/weak'] : []),
    );
  });

  it('are the documented eight', () => {
    expect([...BUILT_IN_POLICIES.keys()]).toEqual([
      'default',
      'aws',
      'google',
      'azure',
      'cnsa',
      'fips',
      'pq',
      'legacy',
    ]);
  });
});
