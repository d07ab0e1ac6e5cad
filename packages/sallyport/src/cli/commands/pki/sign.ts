import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { readRequest } from '../../../pki/request.ts';
import { EXIT, type Io } from '../../io.ts';
import { certify } from './certify.ts';
import { Names } from './input.ts';
import { mustBeFree, writeFiles } from './output.ts';

interface SignOptions {
  readonly authority: string;
  readonly passphraseFile: string;
  readonly allow: string[];
  readonly days: number;
  readonly out: string;
}

export async function run(
  [path = '']: readonly string[],
  options: SignOptions,
  io: Io,
): Promise<number> {
  const names = new Names();
  const allowed = names.altNames('--allow', options.allow);
  const { request, faults = [] } = await readRequest(await readFile(path, 'utf8'), allowed);
  for (const fault of faults) names.add(path, fault);
  if (names.report(io) || request === undefined) return EXIT.failed;
  const name = basename(path).replace(/\.[^.]*$/, '');
  const files = { certificate: `${name}.crt`, authorities: `${name}-ca.crt` };
  await mustBeFree(options.out, Object.values(files));
  const { certificate, authorities, issued } = await certify(
    { ...request, days: options.days },
    options,
    io,
  );
  const paths = await writeFiles(options.out, [
    { name: files.certificate, content: certificate },
    { name: files.authorities, content: authorities },
  ]);
  io.stdout(`certificate ${issued.serial}, valid until ${issued.notAfter}: ${paths.join(', ')}\n`);
  return EXIT.ok;
}
