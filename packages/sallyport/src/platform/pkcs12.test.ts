import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OctetString } from 'asn1js';
import { AuthenticatedSafe, ContentInfo, PFX } from 'pkijs';
import { describe, expect, it } from 'vitest';
import { parsePkcs12 } from './pkcs12.ts';
import { octets } from './pkcs12-kdf.ts';
import { writePkcs12 } from './pkcs12-write.ts';

const CERTIFICATE = join(import.meta.dirname, 'testdata/secrets/gateway.pem');

/** The same encrypted part again and again, without a MAC. */
async function withParts(count: number): Promise<Uint8Array> {
  const { raw } = new X509Certificate(readFileSync(CERTIFICATE));
  const input = { friendlyName: 'gw', certificates: [raw], key: Uint8Array.of(1) };
  const bytes = await writePkcs12(input, 'correct horse', 'modern');
  const { authSafe } = PFX.fromBER(bytes.slice());
  const safe = AuthenticatedSafe.fromBER(octets(authSafe.content as unknown).slice());
  const part = safe.safeContents.find(({ contentType }) => contentType !== authSafe.contentType);
  if (part === undefined) throw new Error('nothing is encrypted');
  safe.safeContents = Array.from({ length: count }, () => part);
  const content = new OctetString({ valueHex: safe.toSchema().toBER() });
  const { contentType } = authSafe;
  const file = new PFX({ version: 3, authSafe: new ContentInfo({ contentType, content }) });
  return new Uint8Array(file.toSchema().toBER());
}

describe('a PKCS#12 file with a long MAC', () => {
  it('is refused before a key of that length is derived', async () => {
    const input = { friendlyName: 'gw', certificates: [], key: Uint8Array.of(1) };
    const file = PFX.fromBER((await writePkcs12(input, 'correct horse', 'modern')).slice());
    if (file.macData === undefined) throw new Error('it has no MAC');
    file.macData.mac.digest = new OctetString({ valueHex: new Uint8Array(33) });
    const bytes = new Uint8Array(file.toSchema().toBER());
    expect(await parsePkcs12(bytes, 'correct horse')).toEqual({
      ...{ ok: false, reason: 'unsupported' },
      message: 'the file has an unsupported length of its MAC',
    });
  });
});

describe('a PKCS#12 file with many encrypted parts', () => {
  it('is read up to what any honest one has', async () => {
    expect(await parsePkcs12(await withParts(30), 'correct horse')).toMatchObject({ ok: true });
  });

  it('is refused beyond it, since each of them is work', async () => {
    expect(await parsePkcs12(await withParts(31), 'correct horse')).toEqual({
      ...{ ok: false, reason: 'too-many-iterations' },
      message: 'the file asks for more than 3000000 rounds of key derivation in all',
    });
  });
});
