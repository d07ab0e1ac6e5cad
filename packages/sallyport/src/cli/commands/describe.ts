import { stringify } from 'yaml';
import { askReport } from '../../agent/control.ts';
import { formatObjectRef } from '../../lib/problem.ts';
import { refOf } from '../../model/objects.ts';
import { formatStatus } from '../../status/format.ts';
import { keyOfObject, ObjectStore } from '../../store/object-store.ts';
import { directoriesFrom, pathsOf } from '../../store/state-directory.ts';
import { EXIT, type Io, type OutputFormat, printAnswer } from '../io.ts';
import { notThere, parseReference } from '../object-reference.ts';

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
  const objects = (await new ObjectStore(paths.objects).read()).map((stored) => stored.object);
  const object = objects.find((candidate) => keyOfObject(candidate) === formatObjectRef(wanted));
  if (object === undefined) throw notThere(wanted, objects.map(refOf));
  const report = object.kind === 'Connection' ? await askReport(paths.controlSocket) : undefined;
  if (object.kind === 'Connection' && report === undefined)
    io.stderr('no agent runs on this host: what is really there of it is not known\n');
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
