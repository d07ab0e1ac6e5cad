import { resolve } from 'node:path';
import { collectHostFacts } from '../../agent/collect-facts.ts';
import { indexObjects } from '../../model/declared-objects.ts';
import { withStore } from '../../store/change-objects.ts';
import { mergeObjects, toParsed } from '../../store/object-store.ts';
import { directoriesFrom } from '../../store/state-directory.ts';
import { readDeclarations, reportProblems } from '../declarations.ts';
import { EXIT, type Io, type OutputFormat } from '../io.ts';
import { settle } from '../settle.ts';
import { findThisHost } from '../this-host.ts';

interface ApplyOptions {
  readonly file: string[];
  readonly host?: string;
  readonly dryRun?: boolean;
  readonly timeout: number;
  readonly output: OutputFormat;
}

export async function run(
  _arguments: readonly string[],
  options: ApplyOptions,
  io: Io,
): Promise<number> {
  const directories = directoriesFrom(io.env);
  return withStore(directories, async (store) => {
    const before = await store.read();
    let host: string | undefined;
    const declarations = await readDeclarations(
      options.file,
      io,
      (objects) => {
        host = findThisHost(indexObjects(objects.map(({ object }) => object)), options.host);
        return collectHostFacts(objects, host, directories, io.signal);
      },
      before.map(toParsed),
    );
    if (reportProblems(declarations.problems, io) || host === undefined) return EXIT.failed;
    const incoming = declarations.parsed.map(({ object, file }) => ({
      object,
      file: resolve(file),
    }));
    return settle(
      mergeObjects(before, incoming),
      declarations.facts,
      {
        directories,
        host,
        dryRun: options.dryRun === true,
        timeoutSeconds: options.timeout,
        output: options.output,
      },
      io,
    );
  });
}
