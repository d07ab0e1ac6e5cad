/** Collects what planning and validation may know of secrets: never the key material itself. */
import { createHmac, type X509Certificate } from 'node:crypto';
import { dirname } from 'node:path';
import type { CertificateFacts, SecretFacts } from '../model/facts.ts';
import type { ParsedObject } from '../model/parsed-object.ts';
import { problemAt } from '../model/problem-at.ts';
import type { Secret } from '../model/secret.ts';
import { certificateFacts } from './certificate-facts.ts';
import { readSecret, type SecretContent } from './secret-reading.ts';

/**
 * Facts of every Secret among the objects, but for those that are issued by ourselves and have no files yet; a secret that cannot
 * be used has problems and no fingerprint.
 */
export async function collectSecretFacts(
  objects: readonly ParsedObject[],
  salt: Uint8Array,
): Promise<SecretFacts[]> {
  const secrets = objects.flatMap(({ object, ...place }) =>
    object.kind === 'Secret' && object.spec.issued === undefined ? [{ object, ...place }] : [],
  );
  return Promise.all(secrets.map((secret) => secretFacts(secret, salt)));
}

async function secretFacts(secret: ParsedObject<Secret>, salt: Uint8Array): Promise<SecretFacts> {
  const { metadata, spec } = secret.object;
  const { content, faults } = await readSecret(spec, dirname(secret.file));
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    form: formOf(secret.object),
    fingerprint: content === undefined ? '' : fingerprint(content, salt),
    certificates: await wholeFacts(certificatesOf(content)),
    revocationLists:
      content?.form === 'authority' ? content.revocationLists.map(({ facts }) => facts) : [],
    problems: faults.map(({ path, code, details }) => problemAt(secret, path, code, details)),
  };
}

async function wholeFacts(certificates: readonly X509Certificate[]): Promise<CertificateFacts[]> {
  if (certificates.length === 0) return [];
  const { certificateDetails } = await import('./certificate-details.ts');
  return certificates.map((one) => ({ ...certificateFacts(one), ...certificateDetails(one) }));
}

function formOf({ spec }: Secret): SecretFacts['form'] {
  if (spec.psk !== undefined) return 'psk';
  return spec.authority === undefined ? 'certificate' : 'authority';
}

function certificatesOf(content: SecretContent | undefined): readonly X509Certificate[] {
  switch (content?.form) {
    case 'certificate':
      return [...content.certificates, ...content.authorities];
    case 'authority':
      return content.authorities;
    default:
      return [];
  }
}

/** Parts are counted with their length, so that no two contents give the same bytes. */
function fingerprint(content: SecretContent, salt: Uint8Array): string {
  const hmac = createHmac('sha256', salt);
  for (const part of [Buffer.from(content.form), ...partsOf(content)]) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    hmac.update(length).update(part);
  }
  return hmac.digest('hex');
}

function partsOf(content: SecretContent): Uint8Array[] {
  if (content.form === 'psk') return [content.psk];
  const certificates = certificatesOf(content).map(({ raw }) => raw);
  if (content.form === 'authority') return [...certificates, ...revokedBy(content)];
  return [...certificates, content.key.export({ format: 'der', type: 'pkcs8' })];
}

/** Whoever is revoked, once, by whichever list: a list that says the same again changes nothing. */
function revokedBy({
  revocationLists,
}: Extract<SecretContent, { form: 'authority' }>): readonly Uint8Array[] {
  const revoked = revocationLists.flatMap((list) =>
    list.revoked.map((serial) => `${list.facts.issuerKey} ${serial}`),
  );
  return [...new Set(revoked)].sort().map((entry) => Buffer.from(entry));
}
