/** A certificate request of somebody else, and whether what it asks for is allowed. */
import { createPublicKey } from 'node:crypto';
import type { NameFault } from '../model/certificate-names.ts';
import { SHORTEST_RSA_BITS } from '../platform/secret-chain.ts';
import { altNamesOf } from './names-of.ts';
import { fromPem } from './pem.ts';
import {
  BasicConstraintsExtension,
  type JsonGeneralName,
  type JsonName,
  Pkcs10CertificateRequest,
} from './x509.ts';

export interface ReadRequest {
  readonly subject: JsonName;
  readonly altNames: readonly JsonGeneralName[];
  /** DER. */
  readonly publicKey: ArrayBuffer;
}

export type RequestReading =
  | { readonly request: ReadRequest; readonly faults?: undefined }
  | { readonly request?: undefined; readonly faults: readonly NameFault[] };

/**
 * Reads PEM, proves that the key's owner made it, and holds each name against those that are allowed; its subject may be
 * empty, one of these names as CN, or `subject`. A request that asks for more gets nothing: to leave a name out would be a
 * certificate that nobody asked for.
 */
export async function readRequest(
  text: string,
  allowed: readonly JsonGeneralName[],
  subject?: JsonName,
): Promise<RequestReading> {
  const fault = (message: string, hint: string): RequestReading => ({
    faults: [{ value: '', message, hint }],
  });
  const [der] = fromPem('CERTIFICATE REQUEST', text);
  const request = der === undefined ? undefined : parse(der);
  if (request === undefined)
    return fault('the file holds no certificate request', 'give PEM, as openssl req writes it');
  if (!(await request.verify().catch(() => false)))
    return fault(
      'its signature is wrong: it was changed, or made with another key',
      'ask for a new one',
    );
  const names = altNamesOf(request.extensions);
  const asked = request.subjectName.toJSON();
  const subjects: JsonName[] = [
    [],
    ...allowed.map(({ value }): JsonName => [{ CN: [value] }]),
    ...(subject === undefined ? [] : [subject]),
  ];
  const granted = subjects.find((one) => textOf(one) === textOf(asked));
  const faults = [
    ...weakKey(request),
    ...asksForAuthority(request),
    ...(granted === undefined ? [subjectFault(request.subject)] : []),
    ...names.filter((name) => !allowed.some((one) => isSame(one, name))).map(notAllowed),
    ...(names.length === 0 ? [NO_NAMES] : []),
  ];
  if (faults.length > 0 || granted === undefined) return { faults };
  return {
    request: { subject: granted, altNames: names, publicKey: request.publicKey.rawData },
  };
}

/** Each part of the name is one attribute with one value, or it is like no name that is allowed. */
function textOf(name: JsonName): string {
  return JSON.stringify(name).toLowerCase();
}

function subjectFault(value: string): NameFault {
  return {
    value,
    message: 'it asks for a subject that is not allowed',
    hint: 'name it with --subject if it is right',
  };
}

function weakKey({ publicKey }: Pkcs10CertificateRequest): NameFault[] {
  const key = createPublicKey({
    ...{ key: Buffer.from(publicKey.rawData), format: 'der', type: 'spki' },
  });
  const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails: details } = key;
  const bits = details?.modulusLength;
  const isStrong =
    bits === undefined ? ['ec', 'ed25519'].includes(type) : bits >= SHORTEST_RSA_BITS;
  if (isStrong) return [];
  return [
    {
      value: bits === undefined ? type : `${type}, ${bits} bits`,
      message: 'its key is too weak, or of a kind that is not for signatures',
      hint: `ask for one with ECDSA, Ed25519 or RSA of ${SHORTEST_RSA_BITS} bits or more`,
    },
  ];
}

function asksForAuthority({ extensions }: Pkcs10CertificateRequest): NameFault[] {
  const isWanted = extensions.some(
    (extension) => extension instanceof BasicConstraintsExtension && extension.ca,
  );
  if (!isWanted) return [];
  return [
    {
      value: 'CA:TRUE',
      message: 'it asks for the certificate of an authority',
      hint: 'make authorities with sallyport pki ca create, or ask for a request without it',
    },
  ];
}

const NO_NAMES: NameFault = {
  value: '',
  message: 'it asks for no alternative name, and a common name alone proves nothing',
  hint: 'make it with subjectAltName',
};

function notAllowed({ type, value }: JsonGeneralName): NameFault {
  return {
    value: `${type}:${value}`,
    message: 'it asks for a name that is not allowed',
    hint: 'name it with --allow if it is right',
  };
}

function parse(der: Uint8Array): Pkcs10CertificateRequest | undefined {
  try {
    return new Pkcs10CertificateRequest(der);
  } catch {
    return undefined;
  }
}

function isSame(a: JsonGeneralName, b: JsonGeneralName): boolean {
  return a.type === b.type && a.value === b.value;
}
