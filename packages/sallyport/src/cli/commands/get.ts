import { formatObjectRef } from '../../lib/problem.ts';
import { type DeclaredObject, generationOf, refOf } from '../../model/objects.ts';
import { formatConditionTable } from '../../status/conditions/format-conditions.ts';
import { storedStatus } from '../../status/conditions/stored-status.ts';
import { keyOfObject, ObjectStore } from '../../store/object-store.ts';
import { directoriesFrom, pathsOf } from '../../store/state-directory.ts';
import { EXIT, type Io, type OutputFormat, printAnswer } from '../io.ts';
import { askNow, effectUnknown } from '../last-report.ts';
import { notThere, parseKind, parseReference } from '../object-reference.ts';

interface GetOptions {
  readonly namespace?: string;
  readonly output: OutputFormat;
}

export async function run(words: readonly string[], options: GetOptions, io: Io): Promise<number> {
  const paths = pathsOf(directoriesFrom(io.env));
  const stored = await new ObjectStore(paths.objects).read();
  const { namespace } = options;
  const [word, name] = words;
  const kind = word === undefined ? undefined : parseKind(word);
  const wanted = name === undefined ? undefined : parseReference(words, namespace ?? 'default');
  const found = stored
    .map(({ object }) => object)
    .filter((object) => kind === undefined || object.kind === kind)
    .filter(
      ({ metadata }) =>
        wanted !== undefined || namespace === undefined || metadata.namespace === namespace,
    )
    .filter((object) => wanted === undefined || keyOfObject(object) === formatObjectRef(wanted));
  if (wanted !== undefined && found.length === 0)
    throw notThere(
      wanted,
      stored.map(({ object }) => refOf(object)),
    );
  if (found.length === 0) io.stderr('no such declaration is in effect\n');
  const now = found.length === 0 ? undefined : await askNow(paths.controlSocket);
  if (now?.report === undefined) {
    if (now !== undefined) io.stderr(effectUnknown(now.silence));
    await printAnswer(io, options.output, found, () => formatList(found));
    return EXIT.ok;
  }
  const status = storedStatus(found.map(generationOf), now.report);
  const answer = found.map((object, index) => ({
    ...object,
    status: { conditions: status[index]?.conditions ?? [] },
  }));
  await printAnswer(io, options.output, answer, () => formatConditionTable(status));
  return EXIT.ok;
}

/** One line an object: kind, name and generation, each in its column. */
function formatList(objects: readonly DeclaredObject[]): string {
  const names = objects.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  const width = Math.max(...names.map((name) => name.length));
  return objects
    .map(
      ({ kind, metadata }, index) =>
        `${kind.padEnd(12)} ${(names[index] ?? '').padEnd(width)}  generation ${metadata.generation ?? 1}\n`,
    )
    .join('');
}
