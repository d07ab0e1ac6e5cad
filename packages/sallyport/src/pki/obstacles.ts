/** Why an authority cannot certify what is wanted: said before it signs, since nobody could verify the result. */
import { AsnConvert } from '@peculiar/asn1-schema';
import { id_ce_nameConstraints, NameConstraints } from '@peculiar/asn1-x509';
import { BasicConstraintsExtension, type JsonGeneralName, type X509Certificate } from './x509.ts';

export interface Wanted {
  readonly altNames: readonly JsonGeneralName[];
  readonly isAuthority: boolean;
}

/** In words; empty: nothing stands in the way. `chain`: of the authority, its own certificate first. */
export function obstacles(
  chain: readonly X509Certificate[],
  { altNames, isAuthority }: Wanted,
  now: Date,
): string[] {
  const expired = chain.filter(({ notAfter }) => notAfter <= now);
  return [
    ...expired.map(
      ({ subject, notAfter }) => `${subject} has expired at ${notAfter.toISOString()}`,
    ),
    ...(isAuthority ? chain.flatMap(tooDeep) : []),
    ...altNames.flatMap((name) => chain.flatMap((certificate) => notPermitted(certificate, name))),
  ];
}

/** RFC 5280 §4.2.1.9: so many authorities may follow below the one at `index`. */
function tooDeep(certificate: X509Certificate, index: number): string[] {
  const length = certificate.getExtension(BasicConstraintsExtension)?.pathLength;
  if (length === undefined || index < length) return [];
  return [`${certificate.subject} allows ${length} authorities in a row below it`];
}

/** RFC 5280 §4.2.1.10: the domain itself and what has labels before it. */
function notPermitted(certificate: X509Certificate, { type, value }: JsonGeneralName): string[] {
  if (type !== 'dns') return [];
  const domains = permittedDomainsOf(certificate);
  const isIn = (domain: string): boolean => value === domain || value.endsWith(`.${domain}`);
  if (domains.length === 0 || domains.some(isIn)) return [];
  return [`${certificate.subject} may certify names in ${domains.join(', ')} only, not ${value}`];
}

/** Empty: any. */
export function permittedDomainsOf(authority: X509Certificate): string[] {
  const extension = authority.getExtension(id_ce_nameConstraints);
  if (extension === null) return [];
  const { permittedSubtrees } = AsnConvert.parse(extension.value, NameConstraints);
  return [...(permittedSubtrees?.values() ?? [])].flatMap(({ base }) => base.dNSName ?? []);
}
