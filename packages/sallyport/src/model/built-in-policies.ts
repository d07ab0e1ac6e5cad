/**
 * Crypto policies that exist without being declared. Each lists few, whole proposals, AEAD first:
 * with long lists the suite, and with it the MTU, may change at a rekey depending on who starts it.
 * The rekey times of the provider policies lie below the lifetimes their side enforces.
 */
import type { CryptoSpec } from './crypto-policy.ts';

const HOUR = 3_600;

function policy(
  ike: readonly string[],
  esp: readonly string[],
  rekey: { ikeSeconds: number; espSeconds: number } = { ikeSeconds: 4 * HOUR, espSeconds: HOUR },
): CryptoSpec {
  return {
    ike: { proposals: ike, rekeySeconds: rekey.ikeSeconds },
    esp: { proposals: esp, rekeySeconds: rekey.espSeconds },
  };
}

/** By name; these names cannot be declared. */
export const BUILT_IN_POLICIES: ReadonlyMap<string, CryptoSpec> = new Map([
  [
    'default',
    policy(
      ['aes256gcm16-prfsha384-ecp384', 'aes256gcm16-prfsha384-x25519', 'aes256-sha256-modp3072'],
      ['aes256gcm16-ecp384', 'aes256gcm16-x25519', 'aes256-sha256-modp3072'],
    ),
  ],
  // AWS ends phase 1 after 28,800 s and phase 2 after 3,600 s by default and demands PFS.
  [
    'aws',
    policy(
      ['aes256gcm16-prfsha384-ecp384', 'aes256-sha256-modp2048'],
      ['aes256gcm16-ecp384', 'aes256-sha256-modp2048'],
      { ikeSeconds: 7 * HOUR, espSeconds: 3_000 },
    ),
  ],
  // Google: 36,000 s and 10,800 s, PFS demanded; advises exactly one suite on the peer.
  [
    'google',
    policy(['aes256gcm16-prfsha384-ecp384'], ['aes256gcm16-ecp384'], {
      ikeSeconds: 30_000,
      espSeconds: 9_000,
    }),
  ],
  // Azure: 28,800 s and 27,000 s; its custom policy is exactly one combination (GCMAES256, SHA384, ECP384).
  [
    'azure',
    policy(['aes256gcm16-prfsha384-ecp384'], ['aes256gcm16-ecp384'], {
      ikeSeconds: 7 * HOUR,
      espSeconds: 6 * HOUR,
    }),
  ],
  // RFC 9206 §4 and §5: AES-256-GCM with a 16-octet tag, SHA-384, ECP-384.
  ['cnsa', policy(['aes256gcm16-prfsha384-ecp384'], ['aes256gcm16-ecp384'])],
  // Approved functions only: no Curve25519 key agreement (SP 800-56A), no ChaCha20.
  [
    'fips',
    policy(
      ['aes256gcm16-prfsha384-ecp384', 'aes256-sha384-ecp384', 'aes128gcm16-prfsha256-ecp256'],
      ['aes256gcm16-ecp384', 'aes256-sha384-ecp384', 'aes128gcm16-ecp256'],
    ),
  ],
  // RFC 9370: X25519 with ML-KEM-768 as additional key exchange; needs strongSwan 6.0 or later.
  [
    'pq',
    policy(['aes256gcm16-prfsha384-x25519-ke1_mlkem768'], ['aes256gcm16-x25519-ke1_mlkem768']),
  ],
  // For devices that can do nothing better; every use is said.
  [
    'legacy',
    policy(
      ['aes256-sha1-modp2048', 'aes128-sha1-modp1024', '3des-sha1-modp1024'],
      ['aes256-sha1-modp2048', 'aes128-sha1-modp1024', '3des-sha1-modp1024'],
    ),
  ],
]);
