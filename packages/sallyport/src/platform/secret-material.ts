/** Key material for the daemon, read from the files of a Secret at the moment it is loaded. */
import type { X509Certificate } from 'node:crypto';
import { formatPath } from '../model/parsed-object.ts';
import type { SecretSpec } from '../model/secret.ts';
import { keyIdOf } from './key-id.ts';
import type { SecretFault } from './secret-fault.ts';
import { readSecret } from './secret-reading.ts';
import { SecretValue } from './secret-value.ts';

export type SecretMaterial =
  | { readonly form: 'psk'; readonly psk: SecretValue }
  | {
      readonly form: 'certificate';
      /** DER; leaf first, then further certificates of its chain. */
      readonly certificates: readonly Uint8Array[];
      /** PKCS#8 in DER. */
      readonly key: SecretValue;
      /** By which the daemon knows it. */
      readonly keyId: string;
      /** DER. */
      readonly authorities: readonly Uint8Array[];
    }
  | {
      readonly form: 'authority';
      /** DER. */
      readonly authorities: readonly Uint8Array[];
      /** DER, by the fingerprint of each. */
      readonly revocationLists: ReadonlyMap<string, Uint8Array>;
    };

/** The files of a secret give nothing that could be loaded; the message names every fault. */
export class SecretUnusableError extends Error {
  readonly faults: readonly SecretFault[];

  constructor(faults: readonly SecretFault[]) {
    super(`secret cannot be used: ${faults.map(faultText).join('; ')}`);
    this.name = 'SecretUnusableError';
    this.faults = faults;
  }
}

function faultText({ path, code, details }: SecretFault): string {
  const value = details.value === undefined ? '' : ` (${details.value})`;
  return `${formatPath(path)}: ${details.message}${value} [${code}]`;
}

/** Relative files count from `baseDir`, the directory of the declaring file. */
export async function readSecretMaterial(
  spec: SecretSpec,
  baseDir: string,
): Promise<SecretMaterial> {
  const { content, faults } = await readSecret(spec, baseDir);
  switch (content?.form) {
    case 'psk':
      return { form: 'psk', psk: new SecretValue(content.psk) };
    case 'certificate':
      return {
        form: 'certificate',
        certificates: content.certificates.map(toDer),
        key: new SecretValue(content.key.export({ format: 'der', type: 'pkcs8' })),
        keyId: keyIdOf(content.key),
        authorities: content.authorities.map(toDer),
      };
    case 'authority':
      return {
        form: 'authority',
        authorities: content.authorities.map(toDer),
        revocationLists: new Map(
          content.revocationLists.map(({ facts, der }) => [facts.fingerprint, der]),
        ),
      };
    case undefined:
      throw new SecretUnusableError(faults);
  }
}

function toDer({ raw }: X509Certificate): Uint8Array {
  return raw;
}
