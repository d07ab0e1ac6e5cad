import { KeyObject } from 'node:crypto';
import { generateKeys, type KeyType } from '../../../pki/key-type.ts';
import { EXIT, type Io } from '../../io.ts';
import { certify } from './certify.ts';
import { mustBeName, Names } from './input.ts';
import { mustBeFree, writeFiles } from './output.ts';

interface IssueOptions {
  readonly authority: string;
  readonly passphraseFile: string;
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
  const files = { certificate: `${name}.crt`, key: `${name}.key`, authorities: `${name}-ca.crt` };
  await mustBeFree(options.out, Object.values(files));
  const keys = await generateKeys(options.keyType);
  const { certificate, authorities, issued } = await certify(
    { subject, altNames, publicKey: keys.publicKey, days: options.days },
    options,
    io,
  );
  const key = KeyObject.from(keys.privateKey).export({ format: 'pem', type: 'pkcs8' });
  const paths = await writeFiles(options.out, [
    { name: files.key, content: key.toString() },
    { name: files.certificate, content: certificate },
    { name: files.authorities, content: authorities },
  ]);
  io.stdout(`certificate ${issued.serial}, valid until ${issued.notAfter}: ${paths.join(', ')}\n`);
  return EXIT.ok;
}
