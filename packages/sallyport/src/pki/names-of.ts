/** The names of a certificate or a request, as they are given to the next one. */
import { readAltName } from '../model/certificate-names.ts';
import { type Extension, type JsonGeneralName, SubjectAlternativeNameExtension } from './x509.ts';

export function altNamesOf(extensions: readonly Extension[]): JsonGeneralName[] {
  return extensions.flatMap((extension) =>
    extension instanceof SubjectAlternativeNameExtension
      ? extension.names.items.map((item): JsonGeneralName => {
          const { type, value } = item.toJSON();
          return readAltName(`${type}:${value}`).value ?? { type, value };
        })
      : [],
  );
}
