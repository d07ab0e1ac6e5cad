import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { readRequest } from '../../../pki/request.ts';
import { EXIT, type Io } from '../../io.ts';
import type { SigningOptions } from './authorities.ts';
import { certify } from './certify.ts';
import { mustBeName, Names } from './input.ts';
import { NewFiles } from './output.ts';

interface SignOptions extends SigningOptions {
  readonly allow: string[];
  readonly subject?: string;
  readonly days: number;
  readonly out: string;
}

export async function run(
  [path = '']: readonly string[],
  options: SignOptions,
  io: Io,
): Promise<number> {
  const name = basename(path).replace(/\.[^.]*$/, '');
  mustBeName(name);
  const names = new Names();
  const allowed = names.altNames('--allow', options.allow);
  const subject =
    options.subject === undefined ? undefined : names.subject('--subject', options.subject);
  if (names.report(io)) return EXIT.failed;
  const { request, faults = [] } = await readRequest(
    await readFile(path, 'utf8'),
    allowed,
    subject,
  );
  for (const fault of faults) names.add(path, fault);
  if (names.report(io) || request === undefined) return EXIT.failed;
  const files = [`${name}.crt`, `${name}-ca.crt`];
  const wanted = { ...request, days: options.days };
  return certify(wanted, options, () => NewFiles.create(options.out, files), io);
}
