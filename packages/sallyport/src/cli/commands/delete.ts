import { formatObjectRef, type ObjectRef } from '../../lib/problem.ts';
import { indexObjects } from '../../model/declared-objects.ts';
import { NO_FACTS } from '../../model/facts.ts';
import { refOf } from '../../model/objects.ts';
import { parseYaml } from '../../model/parse-yaml.ts';
import { validateObjects } from '../../model/validate.ts';
import { withStore } from '../../store/change-objects.ts';
import { keyOfObject, toParsed } from '../../store/object-store.ts';
import { readSources } from '../../store/read-objects.ts';
import { directoriesFrom } from '../../store/state-directory.ts';
import { reportProblems } from '../declarations.ts';
import { EXIT, type Io, type OutputFormat, UsageError } from '../io.ts';
import { notThere, parseReference } from '../object-reference.ts';
import { ended, settle } from '../settle.ts';
import { mustFindThisHost } from '../this-host.ts';

interface DeleteOptions {
  readonly file?: string[];
  readonly namespace: string;
  readonly host?: string;
  readonly dryRun?: boolean;
  readonly timeout: number;
  readonly output: OutputFormat;
}

export async function run(
  words: readonly string[],
  options: DeleteOptions,
  io: Io,
): Promise<number> {
  const directories = directoriesFrom(io.env);
  const wanted = await namesToDelete(words, options, io);
  if (wanted === undefined) return EXIT.failed;
  const finish = await withStore(directories, async (store) => {
    const before = await store.read();
    const present = new Set(before.map(({ object }) => keyOfObject(object)));
    for (const ref of wanted) {
      if (present.has(formatObjectRef(ref))) continue;
      const fault = notThere(
        ref,
        before.map(({ object }) => refOf(object)),
      );
      if (options.file === undefined) throw fault;
      io.stderr(`${formatObjectRef(ref)} is not there\n`);
    }
    const unwanted = new Set(wanted.map(formatObjectRef));
    const after = before.filter(({ object }) => !unwanted.has(keyOfObject(object)));
    if (after.length === before.length) {
      io.stderr('nothing to delete\n');
      return ended(EXIT.ok);
    }
    // What stays must still make sense: a Gateway cannot go before its Connections.
    const { problems } = validateObjects(after.map(toParsed), NO_FACTS);
    if (reportProblems(problems, io)) {
      io.stderr('what stays still needs what would be deleted: change or delete that first\n');
      return ended(EXIT.failed);
    }
    const host = mustFindThisHost(indexObjects(before.map(({ object }) => object)), options.host);
    return settle(
      before,
      after,
      undefined,
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

/** The objects meant; undefined where the files cannot be read. */
async function namesToDelete(
  words: readonly string[],
  options: DeleteOptions,
  io: Io,
): Promise<ObjectRef[] | undefined> {
  if (options.file !== undefined) {
    if (words.length > 0)
      throw new UsageError('name the objects either by -f or by kind and name, not by both');
    const read = await readSources(options.file, io.readInput);
    const { objects, problems } = parseYaml(read.sources);
    if (reportProblems([...read.problems, ...problems], io)) return undefined;
    return objects.map(({ object }) => refOf(object));
  }
  return [parseReference(words, options.namespace)];
}
