import { stringify } from 'yaml';
import { formatObjectRef } from '../../lib/problem.ts';
import type { CertificateSummary } from '../../model/facts.ts';
import { type DeclaredObject, generationOf, refOf } from '../../model/objects.ts';
import { formatConditions } from '../../status/conditions/format-conditions.ts';
import { storedStatus } from '../../status/conditions/stored-status.ts';
import { formatStatus } from '../../status/format.ts';
import type { HostReport, TunnelReport } from '../../status/host-report.ts';
import { keyOfObject, ObjectStore } from '../../store/object-store.ts';
import { directoriesFrom, pathsOf } from '../../store/state-directory.ts';
import { EXIT, type Io, type OutputFormat, printAnswer } from '../io.ts';
import { askNow, effectUnknown } from '../last-report.ts';
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
  const asked = await askNow(paths.controlSocket);
  if (asked.report === undefined) {
    io.stderr(effectUnknown(asked.silence));
    await printAnswer(io, options.output, object, () => stringify(object));
    return EXIT.ok;
  }
  const { report } = asked;
  const [status] = storedStatus([generationOf(object)], report);
  const conditions = status?.conditions ?? [];
  const tunnels = object.kind === 'Connection' ? tunnelsOf(object, report) : undefined;
  const certificate = object.kind === 'Secret' ? certificateOf(object, report) : undefined;
  const answer = {
    ...object,
    status: {
      conditions,
      ...(tunnels === undefined ? {} : { tunnels }),
      ...(certificate === undefined ? {} : { certificate }),
    },
  };
  await printAnswer(io, options.output, answer, () => {
    const now = new Date().toISOString();
    const state = tunnels === undefined ? '' : `\n${formatStatus({ ...report, tunnels }, now)}`;
    const held =
      certificate === undefined
        ? ''
        : `\n${stringify({ 'read back from the daemon': certificate })}`;
    return `${stringify(object)}---\n${formatConditions(conditions, now)}${state}${held}`;
  });
  return EXIT.ok;
}

/** The leaf of the Secret as a daemon holds it; undefined where no tunnel uses one. */
function certificateOf(
  { metadata }: DeclaredObject,
  { tunnels }: HostReport,
): CertificateSummary | undefined {
  return tunnels.find(
    ({ namespace, certificates }) =>
      namespace === metadata.namespace && certificates?.secret === metadata.name,
  )?.certificates?.local;
}

function tunnelsOf({ metadata }: DeclaredObject, { tunnels }: HostReport): readonly TunnelReport[] {
  return tunnels.filter(
    ({ namespace, connection }) => namespace === metadata.namespace && connection === metadata.name,
  );
}
