import { KeyObject } from 'node:crypto';
import type { KeyType } from '../../../pki/key-type.ts';
import { generateKeys } from '../../../pki/keys.ts';
import { EXIT, type Io } from '../../io.ts';
import { type CertifyOptions, certify } from './certify.ts';
import { mustBeName, Names } from './input.ts';
import { NewFiles } from './output.ts';

interface IssueOptions extends CertifyOptions {
  readonly altName: string[];
  readonly subject?: string;
  readonly keyType: KeyType;
  readonly days: number;
  readonly out: string;
}

export async function run(
  [name = '']: readonly string[],
  options: IssueOptions,
  io: Io,
): Promise<number> {
  mustBeName(name);
  const names = new Names();
  const subject = names.subject('--subject', options.subject ?? `CN=${name}`);
  const altNames = names.altNames('--alt-name', options.altName);
  if (names.report(io)) return EXIT.failed;
  const { privateKey, publicKey } = await generateKeys(options.keyType);
  const key = KeyObject.from(privateKey).export({ format: 'pem', type: 'pkcs8' }).toString();
  const wanted = { subject, altNames, publicKey, key, days: options.days };
  const files = [`${name}.crt`, `${name}-ca.crt`, `${name}.key`];
  return certify(wanted, options, () => NewFiles.create(options.out, files), io);
}
