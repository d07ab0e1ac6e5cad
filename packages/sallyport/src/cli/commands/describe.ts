import { stringify } from 'yaml';
import { askReport } from '../../agent/control.ts';
import { formatStatus } from '../../status/format.ts';
import { keyOfObject, ObjectStore } from '../../store/object-store.ts';
import { directoriesFrom, pathsOf } from '../../store/state-directory.ts';
import { EXIT, type Io, type OutputFormat, printAnswer, UsageError } from '../io.ts';
import { parseReference } from '../object-reference.ts';

interface DescribeOptions {
  readonly namespace: string;
  readonly output: OutputFormat;
}

export async function run(
  words: readonly string[],
  options: DescribeOptions,
  io: Io,
): Promise<number> {
  const paths = pathsOf(directoriesFrom(io.env));
  const wanted = parseReference(words, options.namespace);
  const object = (await new ObjectStore(paths.objects).read())
    .map((stored) => stored.object)
    .find((candidate) => keyOfObject(candidate) === wanted);
  if (object === undefined) throw new UsageError(`${wanted} is not there; see sallyport get`);
  const report = object.kind === 'Connection' ? await askReport(paths.controlSocket) : undefined;
  const tunnels = report?.tunnels.filter(
    ({ namespace, connection }) =>
      namespace === object.metadata.namespace && connection === object.metadata.name,
  );
  await printAnswer(
    io,
    options.output,
    { ...object, ...(tunnels === undefined ? {} : { tunnels }) },
    () => {
      const status =
        report === undefined
          ? ''
          : `---\n${formatStatus({ ...report, tunnels: tunnels ?? [] }, new Date().toISOString())}`;
      return `${stringify(object)}${status}`;
    },
  );
  return EXIT.ok;
}
