/** Authorities as they are declared: made where they are missing, opened, followed by the next one, their lists renewed. */
import { dirname } from 'node:path';
import type { CertificateAuthority } from '../model/certificate-authority.ts';
import { readDistinguishedName } from '../model/certificate-names.ts';
import { objectKey } from '../model/declared-objects.ts';
import type { ParsedObject } from '../model/parsed-object.ts';
import { issuedOf } from '../pki/issued.ts';
import { renewalTime } from '../pki/renewal.ts';
import { lineOf, signerOf, successorUrl, trustedOf } from '../pki/succession.ts';
import type { X509Certificate } from '../pki/x509.ts';
import {
  type AuthorityStore,
  type OpenedAuthority,
  ownOf,
  type StoredAuthority,
} from '../store/authority-store.ts';
import { type DeclaredIssuing, storedName } from './declared.ts';
import { makeAuthority } from './make-authority.ts';
import { readPassphraseFile } from './passphrase-file.ts';
import { publishCrl } from './publish.ts';
import { makeSuccessor, type SuccessorShape } from './successor.ts';

const DAY_MILLISECONDS = 86_400_000;

type Declared = ParsedObject<CertificateAuthority>;

/** Makes it, and those above it, where they are missing. Under the lock of the store. */
export async function ensureAuthority(
  store: AuthorityStore,
  authority: Declared,
  declared: DeclaredIssuing,
  now: Date,
): Promise<void> {
  const name = storedName(authority.object.metadata);
  if ((await store.names()).includes(name)) return keepListsAsDeclared(store, authority);
  const parent = parentOf(authority, declared);
  if (parent !== undefined) await ensureAuthority(store, parent, declared, now);
  const { revocationList } = authority.object.spec;
  await makeAuthority(
    store,
    {
      ...{ name, crlUrls: revocationList.urls, crlDays: revocationList.days },
      ...shapeOf(authority),
    },
    passphraseOf(authority),
    parent === undefined ? undefined : await openSigner(store, parent, now),
  );
}

/** What it issues from now on says where its lists are, and each list is good for as long as is declared. */
async function keepListsAsDeclared(store: AuthorityStore, authority: Declared): Promise<void> {
  const { metadata, spec } = authority.object;
  const name = storedName(metadata);
  await mustBeFirst(store, name);
  const { urls, days: crlDays } = spec.revocationList;
  for (const { record } of await declaredLine(store, authority)) {
    const crlUrls = urls.map((url) =>
      record.name === name ? url : (successorUrl(url, name, record.name) ?? url),
    );
    const isSame = crlUrls.join() === record.crlUrls.join() && crlDays === record.crlDays;
    if (!isSame) await store.write({ ...record, crlUrls, crlDays });
  }
}

/** Its key and its passphrase are those of another authority otherwise. */
async function mustBeFirst(store: AuthorityStore, name: string): Promise<void> {
  for (const other of await store.names()) {
    const { successor } = (await store.read(other)).record;
    if (successor?.name === name)
      throw new Error(`${name} takes the place of authority ${other}: choose another name`);
  }
}

/** The one of its line that certifies now. */
export async function openSigner(
  store: AuthorityStore,
  authority: Declared,
  now: Date,
): Promise<OpenedAuthority> {
  const { record } = signerOf(await declaredLine(store, authority), now);
  return store.open(record.name, passphraseOf(authority));
}

/** The authority and those that take its place, first to last. */
export function declaredLine(
  store: AuthorityStore,
  { object: { metadata } }: Declared,
): Promise<[StoredAuthority, ...StoredAuthority[]]> {
  return lineOf(storedName(metadata), (name) => store.read(name));
}

/** Whom to trust where certificates of this authority are shown: of its line, and of the lines above. Each once. */
export async function trustedCertificates(
  store: AuthorityStore,
  name: string,
  now: Date,
): Promise<X509Certificate[]> {
  const line = trustedOf(await lineOf(name, (each) => store.read(each)), now);
  const parents = new Set(line.flatMap(({ record: { parent } }) => parent ?? []));
  const above = await Promise.all(
    [...parents].map((parent) => trustedCertificates(store, parent, now)),
  );
  const all = [...line.flatMap(({ chain }) => chain), ...above.flat()];
  return [...new Map(all.map((one) => [one.toString('base64'), one])).values()];
}

/** What its age demands: the next one of its line, new lists. Under the lock of the store. */
export async function tendAuthority(
  store: AuthorityStore,
  authority: Declared,
  declared: DeclaredIssuing,
  now: Date,
): Promise<void> {
  const { renewAfterDays, crossOverDays, revocationList } = authority.object.spec;
  // Nothing to tend before it is made.
  if (!(await store.names()).includes(storedName(authority.object.metadata))) return;
  const line = await declaredLine(store, authority);
  if (renewalTime(issuedOf(ownOf(line.at(-1) ?? line[0])), renewAfterDays) <= now)
    await followAuthority(store, authority, declared, now, crossOverDays);
  const isWanted = revocationList.urls.length > 0;
  for (const { record } of line) {
    if (!(await isListDue(store, record.name, isWanted, now))) continue;
    const opened = await store.open(record.name, passphraseOf(authority));
    await publishCrl(store, opened.record, opened.authority);
  }
}

/** Makes the next one of its line, trusted at once; it certifies after `crossOverDays`. Under the lock of the store. */
export async function followAuthority(
  store: AuthorityStore,
  authority: Declared,
  declared: DeclaredIssuing,
  now: Date,
  crossOverDays: number,
): Promise<void> {
  const line = await declaredLine(store, authority);
  const parent = parentOf(authority, declared);
  await makeSuccessor(store, line.at(-1) ?? line[0], shapeOf(authority), {
    passphrase: passphraseOf(authority),
    takesOverAt: new Date(now.getTime() + crossOverDays * DAY_MILLISECONDS),
    ...(parent === undefined ? {} : { parent: await openSigner(store, parent, now) }),
  });
}

/** Half of its time is left for somebody to see that the next one does not come. */
async function isListDue(
  store: AuthorityStore,
  name: string,
  isWanted: boolean,
  now: Date,
): Promise<boolean> {
  const list = await store.readCrl(name);
  if (list?.nextUpdate === undefined) return isWanted;
  return (list.thisUpdate.getTime() + list.nextUpdate.getTime()) / 2 <= now.getTime();
}

function shapeOf({ object: { spec } }: Declared): SuccessorShape {
  const { keyType, days, pathLength, permittedDomains } = spec;
  const { value: subject = [] } = readDistinguishedName(spec.subject);
  return {
    ...{ subject, keyType, days, permitted: permittedDomains },
    ...(pathLength === undefined ? {} : { pathLength }),
  };
}

function parentOf(
  { object: { metadata, spec } }: Declared,
  { authorities }: DeclaredIssuing,
): Declared | undefined {
  if (spec.parent === undefined) return undefined;
  return authorities.get(objectKey(metadata.namespace, spec.parent));
}

function passphraseOf({ object, file }: Declared): string {
  return readPassphraseFile(object.spec.passphraseFile, dirname(file));
}
