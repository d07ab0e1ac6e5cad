/** A certificate request of somebody else, and whether what it asks for is allowed. */
import type { NameFault } from './names.ts';
import { readAltName, readDistinguishedName } from './names.ts';
import { fromPem } from './pem.ts';
import {
  type JsonGeneralName,
  type JsonName,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
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
 * Reads PEM, proves that the key's owner made it, and holds each name against those that are allowed. A request
 * that asks for more gets nothing: to leave a name out would be a certificate that nobody asked for.
 */
export async function readRequest(
  text: string,
  allowed: readonly JsonGeneralName[],
): Promise<RequestReading> {
  const fault = (value: string, message: string, hint: string): RequestReading => ({
    faults: [{ value, message, hint }],
  });
  const [der] = fromPem('CERTIFICATE REQUEST', text);
  const request = der === undefined ? undefined : parse(der);
  if (request === undefined)
    return fault('', 'the file holds no certificate request', 'give PEM, as openssl req writes it');
  if (!(await request.verify().catch(() => false)))
    return fault(
      '',
      'its signature is wrong: it was changed, or made with another key',
      'ask for a new one',
    );
  const names = altNamesOf(request);
  const subject = readDistinguishedName(request.subject);
  const faults = [
    ...(subject.fault === undefined ? [] : [subject.fault]),
    ...names.filter((name) => !allowed.some((one) => isSame(one, name))).map(notAllowed),
    ...commonNames(subject.value ?? [])
      .filter((name) => !allowed.some(({ value }) => value === name))
      .map((name) => notAllowed({ type: 'dns', value: name })),
    ...(names.length === 0 ? [NO_NAMES] : []),
  ];
  if (faults.length > 0 || subject.value === undefined) return { faults };
  return {
    request: { subject: subject.value, altNames: names, publicKey: request.publicKey.rawData },
  };
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

function altNamesOf(request: Pkcs10CertificateRequest): JsonGeneralName[] {
  return request.extensions.flatMap((extension) =>
    extension instanceof SubjectAlternativeNameExtension
      ? extension.names.items.map((item): JsonGeneralName => {
          const { type, value } = item.toJSON();
          return readAltName(`${type}:${value}`).value ?? { type, value };
        })
      : [],
  );
}

function isSame(a: JsonGeneralName, b: JsonGeneralName): boolean {
  return a.type === b.type && a.value === b.value;
}

function commonNames(subject: JsonName): string[] {
  return subject.flatMap(({ CN = [] }) => CN.map(String));
}
