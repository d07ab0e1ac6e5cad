import type { webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEY_TYPES, type KeyType } from '../model/key-type.ts';
import {
  type Authority,
  createAuthority,
  createCrl,
  issueCertificate,
  type NewCertificate,
} from './authority.ts';
import { generateKeys } from './keys.ts';
import { type Published, VERIFIERS } from './testing/verifiers.ts';
import type { X509Certificate } from './x509.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-verifiers-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

// Not every program knows another time than that of the machine.
const NOW = new Date();

/** A root and an authority below it that may certify `example` and nothing else. */
class Pki {
  readonly root: Authority;
  readonly issuing: Authority;
  /** Of every gateway: to make one takes long. */
  readonly #publicKey: webcrypto.CryptoKey;

  private constructor(root: Authority, issuing: Authority, publicKey: webcrypto.CryptoKey) {
    this.root = root;
    this.issuing = issuing;
    this.#publicKey = publicKey;
  }

  static async create(keyType: KeyType): Promise<Pki> {
    const shared = { keyType, crlUrls: [] };
    const root = await createAuthority(
      { ...shared, subject: [{ O: ['Example'] }, { CN: ['Root'] }], days: 3_650, permitted: [] },
      NOW,
    );
    const below = { subject: [{ CN: ['Issuing'] }], days: 1_825, pathLength: 0 };
    const issuing = await createAuthority(
      { ...shared, ...below, permitted: ['example'] },
      NOW,
      root,
    );
    return new Pki(root, issuing, (await generateKeys(keyType)).publicKey);
  }

  async leaf(wanted: Partial<NewCertificate> = {}): Promise<X509Certificate> {
    return issueCertificate(
      this.issuing,
      {
        subject: [{ O: ['Example'] }, { CN: ['gw.example'] }],
        altNames: [
          { type: 'dns', value: 'gw.example' },
          { type: 'ip', value: '192.0.2.1' },
          { type: 'ip', value: '2001:db8::1' },
        ],
        ...{ publicKey: this.#publicKey, days: 365, crlUrls: [], ...wanted },
      },
      NOW,
    );
  }

  async publish(leaf: X509Certificate, ...revoked: readonly X509Certificate[]): Promise<Published> {
    const taken = revoked.map(({ serialNumber: serial }) => ({
      ...({ serial, at: NOW.toISOString(), reason: 'superseded' } as const),
    }));
    const ofRoot = await createCrl(this.root, [], { number: 1, days: 30 }, NOW);
    const ofIssuing = await createCrl(this.issuing, taken, { number: 1, days: 30 }, NOW);
    const [root, issuing] = [this.root.certificate, this.issuing.certificate];
    return { root, issuing, leaf, lists: [ofRoot, ofIssuing] };
  }
}

describe.each(KEY_TYPES)('what is issued with keys of %s', (keyType) => {
  let pki: Pki;
  let other: X509Certificate;

  beforeAll(async () => {
    pki = await Pki.create(keyType);
    other = await pki.leaf();
  });

  const programs = VERIFIERS.filter(({ unknown }) => !unknown.includes(keyType));

  it.each(programs)('is accepted by $name, beside a revoked one', async ({ verify }) => {
    const { accepted, output } = verify(await pki.publish(await pki.leaf(), other), directory);
    expect(accepted, output).toBe(true);
  });

  it.each(programs)('is refused by $name once it is revoked', async ({ verify }) => {
    const { accepted, output } = verify(await pki.publish(other, other), directory);
    expect(accepted, output).toBe(false);
    expect(output).toMatch(/revoked/i);
  });
});

describe('what is issued', () => {
  let pki: Pki;

  beforeAll(async () => {
    pki = await Pki.create('ecdsa-p384');
  });

  it.each(VERIFIERS)('without a subject is accepted by $name', async ({ verify }) => {
    const published = await pki.publish(await pki.leaf({ subject: [] }));
    const { accepted, output } = verify(published, directory);
    expect(accepted, output).toBe(true);
  });

  // pki(1) does not look at constraints; charon does, by its plugin of this name.
  const constrained = VERIFIERS.filter(({ name }) => name !== 'strongSwan');
  it.each(constrained)(
    'for a name beyond its authority is refused by $name',
    async ({ verify }) => {
      const leaf = await pki.leaf({ altNames: [{ type: 'dns', value: 'gw.other' }] });
      const { accepted, output } = verify(await pki.publish(leaf), directory);
      expect(accepted, output).toBe(false);
    },
  );
});
