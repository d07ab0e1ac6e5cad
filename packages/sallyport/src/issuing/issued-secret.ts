/** The certificate of one declared Secret: issued, put in use, proven, or given up. Under the lock of declarations. */
import { readAltName, readDistinguishedName } from '../model/certificate-names.ts';
import type { IssuedSpec } from '../model/secret.ts';
import { issueCertificate } from '../pki/authority.ts';
import { issuedOf } from '../pki/issued.ts';
import { generateGatewayKeys } from '../pki/keys.ts';
import { certificatesToPem } from '../pki/pem.ts';
import { withIssued } from '../pki/record.ts';
import { lineOf } from '../pki/succession.ts';
import type { JsonGeneralName, JsonName } from '../pki/x509.ts';
import type { AuthorityStore } from '../store/authority-store.ts';
import {
  type IssuedState,
  type IssuedStore,
  type IssuedVersion,
  isAsDeclared,
} from '../store/issued-store.ts';
import { mustBeFreeToIssue } from './cannot-certify.ts';
import { type DeclaredIssue, storedName } from './declared.ts';
import { openSigner, trustedCertificates } from './declared-authority.ts';

const FORMAT = 'sallyport.dev/issued/v1alpha1';

export interface Issuing {
  readonly authorities: AuthorityStore;
  readonly issued: IssuedStore;
  readonly now: Date;
}

/** A new certificate, in use at once; `wereUp`: tunnels that have to take it before the old one may go. */
export async function issueAnew(
  declared: DeclaredIssue,
  state: IssuedState | undefined,
  wereUp: readonly string[],
  issuing: Issuing,
): Promise<IssuedState> {
  const { metadata } = declared.secret.object;
  const certificate = await issueVersion(declared, issuing);
  const next: IssuedState =
    state === undefined
      ? { format: FORMAT, proven: certificate }
      : {
          ...{ format: FORMAT, proven: state.proven },
          candidate: {
            ...{ certificate, isInUse: true, since: issuing.now.toISOString() },
            ...{ failures: 0, wereUp },
          },
        };
  await issuing.issued.write(metadata, next);
  return next;
}

async function issueVersion(
  { secret, spec, authority }: DeclaredIssue,
  { authorities, issued: store, now }: Issuing,
): Promise<IssuedVersion> {
  const names = namesOf(spec, secret.object.metadata.name);
  return authorities.locked(async () => {
    const { record, chain, authority: signer } = await openSigner(authorities, authority, now);
    mustBeFreeToIssue(chain, { altNames: names.altNames, isAuthority: false });
    const { publicKey, key } = await generateGatewayKeys(spec.keyType);
    const wanted = { ...names, publicKey, days: spec.days, crlUrls: record.crlUrls };
    const certificate = await issueCertificate(signer, wanted, now);
    const issued = issuedOf(certificate);
    await authorities.write(withIssued(record, issued));
    const files = { certificate: certificatesToPem([certificate]), key };
    await store.add(secret.object.metadata, issued.serial, files);
    const { isAuthority: _, ...version } = issued;
    return { ...version, authority: record.name, keyType: spec.keyType };
  });
}

/** Whether the declaration asks for something else, or its authority has taken it back. */
export async function isOutdated(
  { secret, spec, authority }: DeclaredIssue,
  version: IssuedVersion,
  store: AuthorityStore,
): Promise<boolean> {
  const line = await lineOf(storedName(authority.object.metadata), (name) => store.read(name));
  return (
    !isAsDeclared(version, spec, secret.object.metadata) ||
    !line.some(
      ({ record: { name, issued } }) =>
        name === version.authority &&
        issued.every(({ serial, revoked }) => serial !== version.serial || revoked === undefined),
    )
  );
}

export async function writeTrusted(
  { secret, authority }: DeclaredIssue,
  { authorities, issued, now }: Issuing,
): Promise<void> {
  const name = storedName(authority.object.metadata);
  const trusted = await trustedCertificates(authorities, name, now);
  await issued.writeTrusted(secret.object.metadata, certificatesToPem(trusted));
}

/** What validation has let through can be read. */
function namesOf(
  spec: IssuedSpec,
  name: string,
): { readonly subject: JsonName; readonly altNames: readonly JsonGeneralName[] } {
  const { value: subject = [] } = readDistinguishedName(spec.subject ?? `CN=${name}`);
  return { subject, altNames: spec.altNames.flatMap((text) => readAltName(text).value ?? []) };
}
