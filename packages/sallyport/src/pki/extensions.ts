/** What a certificate of each role says of itself: the profile of RFC 5280, as RFC 4945 §5 narrows it for IKE. */
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  CRLNumber,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_cRLNumber,
  id_ce_nameConstraints,
  NameConstraints,
} from '@peculiar/asn1-x509';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  CRLDistributionPointsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  type PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
} from './x509.ts';

/** RFC 4945 §5.1.3.12. */
const IPSEC_IKE = '1.3.6.1.5.5.7.3.17';

/** The DNS names that an authority may certify, below it too; empty: any. Addresses are not limited by it. */
export interface PermittedNames {
  readonly permitted: readonly string[];
}

export async function authorityExtensions(
  own: PublicKey,
  issuer: PublicKey,
  {
    permitted,
    pathLength,
    crlUrls,
  }: PermittedNames & { readonly pathLength?: number; readonly crlUrls: readonly string[] },
): Promise<Extension[]> {
  return [
    new BasicConstraintsExtension(true, pathLength, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    await SubjectKeyIdentifierExtension.create(own),
    await AuthorityKeyIdentifierExtension.create(issuer),
    ...(permitted.length === 0 ? [] : [nameConstraints(permitted)]),
    ...distributionPoints(crlUrls),
  ];
}

export async function leafExtensions(
  own: PublicKey,
  issuer: PublicKey,
  leaf: {
    readonly altNames: readonly JsonGeneralName[];
    readonly hasSubject: boolean;
    /** Where the authority's revocation list can be fetched. */
    readonly crlUrls: readonly string[];
  },
): Promise<Extension[]> {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    // IKE asks for none; where a peer looks, as Windows and NSS do, it wants one of these.
    new ExtendedKeyUsageExtension([
      ExtendedKeyUsage.serverAuth,
      ExtendedKeyUsage.clientAuth,
      IPSEC_IKE,
    ]),
    // RFC 5280 §4.2.1.6: critical where there is no subject.
    ...(leaf.altNames.length === 0
      ? []
      : [new SubjectAlternativeNameExtension([...leaf.altNames], !leaf.hasSubject)]),
    await SubjectKeyIdentifierExtension.create(own),
    await AuthorityKeyIdentifierExtension.create(issuer),
    ...distributionPoints(leaf.crlUrls),
  ];
}

export async function crlExtensions(issuer: PublicKey, number: number): Promise<Extension[]> {
  return [
    await AuthorityKeyIdentifierExtension.create(issuer),
    new Extension(id_ce_cRLNumber, false, AsnConvert.serialize(new CRLNumber(number))),
  ];
}

function distributionPoints(urls: readonly string[]): Extension[] {
  return urls.length === 0 ? [] : [new CRLDistributionPointsExtension([...urls])];
}

/** RFC 5280 §4.2.1.10: critical. */
function nameConstraints(permitted: readonly string[]): Extension {
  const subtrees = permitted.map(
    (dNSName) => new GeneralSubtree({ base: new GeneralName({ dNSName }) }),
  );
  const value = new NameConstraints({ permittedSubtrees: new GeneralSubtrees(subtrees) });
  return new Extension(id_ce_nameConstraints, true, AsnConvert.serialize(value));
}
