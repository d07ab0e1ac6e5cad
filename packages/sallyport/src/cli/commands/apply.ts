import { resolve } from 'node:path';
import { collectHostFacts, collectOfflineFacts } from '../../agent/collect-facts.ts';
import type { Problem } from '../../lib/problem.ts';
import { type DeclaredObjects, indexObjects } from '../../model/declared-objects.ts';
import type { ParsedObject } from '../../model/parsed-object.ts';
import { withStore } from '../../store/change-objects.ts';
import { IssuedStore } from '../../store/issued-store.ts';
import { mergeObjects, toParsed } from '../../store/object-store.ts';
import { directoriesFrom, pathsOf } from '../../store/state-directory.ts';
import { readDeclarations, reportProblems } from '../declarations.ts';
import { EXIT, type Io, type OutputFormat } from '../io.ts';
import { resolveAsDeclared } from '../issued-as-declared.ts';
import { ended, settle } from '../settle.ts';
import { findThisHost, missingAddresses, mustFindThisHost } from '../this-host.ts';

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
  const finish = await withStore(directories, async (store) => {
    const before = await store.read();
    const issuing: Problem[] = [];
    const declarations = await readDeclarations(
      options.file,
      io,
      async (objects, isWhole) => {
        const found = findThisHost(indexOf(objects), options.host);
        if (found === undefined) return collectOfflineFacts(objects);
        if (isWhole && options.dryRun !== true && objects.some(isAuthority)) {
          // Its libraries are as much as all the rest, and few have authorities.
          const { issueDeclared } = await import('../issue-declared.ts');
          issuing.push(...(await issueDeclared(objects, found, directories)));
        }
        const resolved =
          options.dryRun === true
            ? await resolveAsDeclared(objects, directories)
            : await new IssuedStore(pathsOf(directories).issued).resolveAll(objects);
        return collectHostFacts(resolved, found, directories, io.signal);
      },
      before.map(toParsed),
    );
    if (reportProblems([...issuing, ...declarations.problems], io)) return ended(EXIT.failed);
    const host = mustFindThisHost(indexOf(declarations.parsed), options.host);
    for (const address of missingAddresses(indexOf(declarations.parsed), host)) {
      io.stderr(
        `warning: Host ${host}: this machine does not have the address ${address}; no tunnel can come up from it\n`,
      );
    }
    const incoming = declarations.parsed.map(({ object, file }) => ({
      object,
      file: resolve(file),
    }));
    return settle(
      before,
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
  return finish();
}

function isAuthority({ object }: ParsedObject): boolean {
  return object.kind === 'CertificateAuthority';
}

function indexOf(objects: readonly ParsedObject[]): DeclaredObjects {
  return indexObjects(objects.map(({ object }) => object));
}
