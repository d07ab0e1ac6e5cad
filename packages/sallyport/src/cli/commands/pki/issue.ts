import type { KeyType } from '../../../model/key-type.ts';
import { generateGatewayKeys } from '../../../pki/keys.ts';
import { EXIT, type Io } from '../../io.ts';
import type { SigningOptions } from './authorities.ts';
import { certify } from './certify.ts';
import { mustBeName, Names } from './input.ts';
import { NewFiles } from './output.ts';

interface IssueOptions extends SigningOptions {
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
  const keys = await generateGatewayKeys(options.keyType);
  const wanted = { subject, altNames, ...keys, days: options.days };
  const files = [`${name}.crt`, `${name}-ca.crt`, `${name}.key`];
  return certify(wanted, options, () => NewFiles.create(options.out, files), io);
}
