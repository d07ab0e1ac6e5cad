import { indexObjects } from '../../model/declared-objects.ts';
import { NO_FACTS } from '../../model/facts.ts';
import { parseYaml } from '../../model/parse-yaml.ts';
import { validateObjects } from '../../model/validate.ts';
import { withStore } from '../../store/change-objects.ts';
import { keyOfObject, toParsed } from '../../store/object-store.ts';
import { readSources } from '../../store/read-objects.ts';
import { directoriesFrom } from '../../store/state-directory.ts';
import { reportProblems } from '../declarations.ts';
import { EXIT, type Io, type OutputFormat, UsageError } from '../io.ts';
import { parseReference } from '../object-reference.ts';
import { settle } from '../settle.ts';
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
  return withStore(directories, async (store) => {
    const before = await store.read();
    const present = new Set(before.map(({ object }) => keyOfObject(object)));
    const missing = [...wanted].filter((key) => !present.has(key));
    if (missing.length > 0 && options.file === undefined)
      throw new UsageError(`${missing.join(', ')} is not there; see sallyport get`);
    const after = before.filter(({ object }) => !wanted.has(keyOfObject(object)));
    // What stays must still make sense: a Gateway cannot go before its Connections.
    const { problems } = validateObjects(after.map(toParsed), NO_FACTS);
    if (reportProblems(problems, io)) return EXIT.failed;
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
}

/** Keys of the objects meant; undefined where the files cannot be read. */
async function namesToDelete(
  words: readonly string[],
  options: DeleteOptions,
  io: Io,
): Promise<Set<string> | undefined> {
  if (options.file !== undefined) {
    const read = await readSources(options.file, io.readInput);
    const { objects, problems } = parseYaml(read.sources);
    if (reportProblems([...read.problems, ...problems], io)) return undefined;
    return new Set(objects.map(({ object }) => keyOfObject(object)));
  }
  return new Set([parseReference(words, options.namespace)]);
}
