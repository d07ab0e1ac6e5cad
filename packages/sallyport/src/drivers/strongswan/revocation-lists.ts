/** Lists of revoked certificates in the daemon: which it holds, and how it is given others. */
import { collect, type ViciClient } from '@sallyport/vici';
import { sha256Hex } from '../../lib/sha256.ts';
import type { SecretMaterial } from '../../platform/secret-material.ts';
import type { ObservedStrongswan, StrongswanStep } from './state.ts';

type Held = ObservedStrongswan['revocationLists'];

/** What was held before is not read again. */
export async function listRevocations(
  client: ViciClient,
  before: Held,
  signal: AbortSignal,
): Promise<Held> {
  const listed = await collect(client.listCerts({ type: 'X509_CRL', signal }));
  const read = listed.map(async ({ data }) => {
    const fingerprint = sha256Hex(data);
    return [fingerprint, before.get(fingerprint) ?? (await revokedBy(data))] as const;
  });
  return new Map(await Promise.all(read));
}

/** Its library is loaded only where there are lists. */
async function revokedBy(der: Uint8Array): Promise<ReadonlyMap<string, string>> {
  const { readRevocationList } = await import('../../pki/revocation-list.ts');
  return readRevocationList(der)?.revoked ?? new Map();
}

/**
 * The daemon replaces an older list of the issuer, and drops one without a word where it has a newer one. All lists of
 * the Secret are given, so that one that has been renewed since is better than none; throws where the wanted one is not held.
 */
export async function loadLists(
  client: ViciClient,
  { revocationLists }: Extract<SecretMaterial, { form: 'authority' }>,
  { use, list }: Extract<StrongswanStep, { type: 'list-load' }>,
  signal: AbortSignal,
): Promise<void> {
  for (const data of revocationLists.values())
    await client.loadCert({ type: 'X509_CRL', data }, { signal });
  // Until then it goes by the list that it has used last, which it keeps beside those that it was given.
  await client.flushCerts('X509_CRL', { signal });
  const held = await collect(client.listCerts({ type: 'X509_CRL', signal }));
  if (held.some(({ data }) => sha256Hex(data) === list.fingerprint)) return;
  throw new Error(
    revocationLists.has(list.fingerprint)
      ? `the daemon has a newer list of ${list.issuer}, and keeps it: apply that one`
      : `Secret ${use.namespace}/${use.name}: holds another list than was applied, which the daemon has now`,
  );
}
