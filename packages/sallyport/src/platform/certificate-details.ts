/**
 * What Node does not tell of a certificate: key usages, and the hash of an RSA-PSS signature. Apart from
 * `certificate-facts.ts`, because its library takes longer to load than all that most commands do.
 */
import type { X509Certificate } from 'node:crypto';
import { BitString } from 'asn1js';
import { Certificate, RSASSAPSSParams } from 'pkijs';
import type { CertificateFacts } from '../model/facts.ts';

const KEY_USAGE = '2.5.29.15';
const RSASSA_PSS = '1.2.840.113549.1.1.10';

/** RFC 5280 §4.2.1.3: in the order of their bits. */
const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
];

const HASHES: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** Empty where the library cannot read what OpenSSL could. */
export function certificateDetails({
  raw,
}: Pick<X509Certificate, 'raw'>): Pick<CertificateFacts, 'keyUsages' | 'signatureHash'> {
  try {
    const certificate = Certificate.fromBER(raw);
    const keyUsages = keyUsagesOf(certificate);
    const signatureHash = pssHashOf(certificate);
    return {
      ...(keyUsages === undefined ? {} : { keyUsages }),
      ...(signatureHash === undefined ? {} : { signatureHash }),
    };
  } catch {
    return {};
  }
}

function keyUsagesOf({ extensions }: Certificate): string[] | undefined {
  const bits: unknown = extensions?.find(({ extnID }) => extnID === KEY_USAGE)?.parsedValue;
  if (!(bits instanceof BitString)) return undefined;
  const octets = bits.valueBlock.valueHexView;
  return KEY_USAGES.filter((_usage, bit) => ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

function pssHashOf({ signatureAlgorithm }: Certificate): string | undefined {
  if (signatureAlgorithm.algorithmId !== RSASSA_PSS) return undefined;
  const params = new RSASSAPSSParams({ schema: signatureAlgorithm.algorithmParams as unknown });
  return HASHES[params.hashAlgorithm.algorithmId];
}
