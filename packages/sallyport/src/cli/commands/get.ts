import { formatObjectRef } from '../../lib/problem.ts';
import { refOf } from '../../model/objects.ts';
import { keyOfObject, ObjectStore } from '../../store/object-store.ts';
import { directoriesFrom, pathsOf } from '../../store/state-directory.ts';
import { EXIT, type Io, type OutputFormat, printAnswer } from '../io.ts';
import { notThere, parseKind, parseReference } from '../object-reference.ts';

interface GetOptions {
  readonly namespace: string;
  readonly output: OutputFormat;
}

export async function run(words: readonly string[], options: GetOptions, io: Io): Promise<number> {
  const stored = await new ObjectStore(pathsOf(directoriesFrom(io.env)).objects).read();
  const [word, name] = words;
  const kind = word === undefined ? undefined : parseKind(word);
  const wanted = name === undefined ? undefined : parseReference(words, options.namespace);
  const found = stored
    .map(({ object }) => object)
    .filter((object) => kind === undefined || object.kind === kind)
    .filter((object) => wanted === undefined || keyOfObject(object) === formatObjectRef(wanted));
  if (wanted !== undefined && found.length === 0)
    throw notThere(
      wanted,
      stored.map(({ object }) => refOf(object)),
    );
  await printAnswer(io, options.output, found, () =>
    found
      .map(
        (object) =>
          `${object.kind.padEnd(12)} ${object.metadata.namespace}/${object.metadata.name}  generation ${object.metadata.generation ?? 1}\n`,
      )
      .join(''),
  );
  return EXIT.ok;
}
