/** Lists of revoked certificates among the files of one secret: each must come from one of its authorities. */
import { createHash, type X509Certificate } from 'node:crypto';
import type { RevocationListFacts } from '../model/facts.ts';
import { fromPem } from '../pki/pem.ts';
import { formatName } from './certificate-facts.ts';
import { type FileField, faultIn, SecretFaultError } from './secret-fault.ts';

/** What one message to charon may hold (the vici plugin's VICI_MESSAGE_SIZE_MAX of 512 KiB), with room for the rest. */
const LARGEST_LIST_BYTES = 500_000;

/** A list, checked. */
export interface RevocationListContent {
  readonly der: Uint8Array;
  readonly facts: RevocationListFacts;
  /** Serial numbers in lower-case hex. */
  readonly revoked: readonly string[];
}

/** All lists of a PEM file, or the one of a DER file. Throws `SecretFaultError`. */
export async function parseRevocationLists(
  bytes: Uint8Array,
  authorities: readonly X509Certificate[],
  field: FileField,
): Promise<RevocationListContent[]> {
  const text = Buffer.from(bytes).toString('latin1');
  const encoded = text.includes('-----BEGIN ') ? fromPem('X509 CRL', text) : [bytes];
  if (encoded.length === 0) throw malformed(field, 'the file holds no certificate revocation list');
  return Promise.all(encoded.map((der) => parseList(der, authorities, field)));
}

async function parseList(
  der: Uint8Array,
  authorities: readonly X509Certificate[],
  field: FileField,
): Promise<RevocationListContent> {
  if (der.length > LARGEST_LIST_BYTES) {
    throw new SecretFaultError(
      faultIn(
        field,
        'secret/file-too-large',
        `the list is larger than the ${String(LARGEST_LIST_BYTES)} bytes that the IKE daemon takes`,
        'have the authority leave out certificates that have expired, or let the daemon fetch the list',
      ),
    );
  }
  // The library takes as long to load as a command without it: few have such a file.
  const { issuerKeyOf, readRevocationList } = await import('../pki/revocation-list.ts');
  const list = readRevocationList(der);
  if (list === undefined)
    throw malformed(field, 'the file is not a certificate revocation list (RFC 5280)');
  if (list.isDelta)
    throw malformed(field, 'the list says only what has changed since another one (a delta list)');
  const { issuer, number, thisUpdate, nextUpdate, revoked } = list;
  for (const authority of authorities) {
    if (!(await list.isSignedBy(authority))) continue;
    const facts = {
      issuer: formatName(authority.subject),
      issuerKey: issuerKeyOf(authority),
      ...(number === undefined ? {} : { number }),
      thisUpdate,
      ...(nextUpdate === undefined ? {} : { nextUpdate }),
      fingerprint: createHash('sha256').update(der).digest('hex'),
    };
    return { der, facts, revoked: [...revoked.keys()] };
  }
  throw new SecretFaultError(
    faultIn(
      field,
      'secret/list-untrusted',
      `no authority of this secret has signed the list, which is by ${issuer}`,
      'give the list of an authority in files, or add the certificate of the one that signs it',
    ),
  );
}

function malformed(field: FileField, message: string): SecretFaultError {
  return new SecretFaultError(
    faultIn(field, 'secret/malformed', message, 'give a whole list in PEM (BEGIN X509 CRL) or DER'),
  );
}
