/** Reads what others have signed: lists of revoked certificates (RFC 5280 §5), in DER. */
import { createHash, type X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { CRLNumber, id_ce_cRLNumber, id_ce_deltaCRLIndicator } from '@peculiar/asn1-x509';
import { PublicKey, X509Crl } from './x509.ts';

export interface RevocationList {
  /** As strongSwan writes names: `O=Example, CN=Site`. */
  readonly issuer: string;
  /** Decimal; absent in old lists. */
  readonly number?: string;
  /** RFC 3339. */
  readonly thisUpdate: string;
  readonly nextUpdate?: string;
  /** Only what has changed since another list (RFC 5280 §5.2.4). */
  readonly isDelta: boolean;
  /** Since when, in RFC 3339, by serial number in lower-case hex without leading zeros. */
  readonly revoked: ReadonlyMap<string, string>;
  /** Whether the key of this certificate has signed it. */
  readonly isSignedBy: (authority: X509Certificate) => Promise<boolean>;
}

/** Undefined: this is no such list. */
export function readRevocationList(der: Uint8Array): RevocationList | undefined {
  try {
    const crl = new X509Crl(new Uint8Array(der));
    const number = crl.getExtension(id_ce_cRLNumber);
    const { nextUpdate } = crl;
    return {
      issuer: crl.issuer,
      ...(number === null
        ? {}
        : { number: String(AsnConvert.parse(number.value, CRLNumber).value) }),
      thisUpdate: crl.thisUpdate.toISOString(),
      ...(nextUpdate === undefined ? {} : { nextUpdate: nextUpdate.toISOString() }),
      isDelta: crl.getExtension(id_ce_deltaCRLIndicator) !== null,
      revoked: new Map(
        crl.entries.map(({ serialNumber, revocationDate }) => [
          serialNumber.toLowerCase().replace(/^0+/, ''),
          revocationDate.toISOString(),
        ]),
      ),
      isSignedBy: (authority) => isSigned(crl, authority),
    };
  } catch {
    return undefined;
  }
}

async function isSigned(crl: X509Crl, authority: X509Certificate): Promise<boolean> {
  try {
    return await crl.verify({ publicKey: new PublicKey(publicKeyOf(authority)) });
  } catch {
    // A key of another kind than the signature's.
    return false;
  }
}

/** Lower-case hex SHA-256 of its public key. */
export function issuerKeyOf(authority: X509Certificate): string {
  return createHash('sha256').update(publicKeyOf(authority)).digest('hex');
}

function publicKeyOf({ publicKey }: X509Certificate): Uint8Array<ArrayBuffer> {
  return new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
}
