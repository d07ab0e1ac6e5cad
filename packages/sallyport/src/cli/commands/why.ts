import { askWhy } from '../../agent/control.ts';
import type { WhyRequest } from '../../agent/why/explainer.ts';
import { formatAddress, parseAddress } from '../../lib/prefix.ts';
import { Name } from '../../model/fields.ts';
import { nameHint } from '../../model/nearest-name.ts';
import type { HostReport } from '../../status/host-report.ts';
import { explainTunnel } from '../../status/why/explain.ts';
import type { Explanation } from '../../status/why/explanation.ts';
import { formatExplanation } from '../../status/why/format.ts';
import { directoriesFrom, pathsOf } from '../../store/state-directory.ts';
import { EXIT, type Io, type OutputFormat, printAnswer, UsageError } from '../io.ts';
import { askNow, readLastReport, whySilent } from '../last-report.ts';

interface WhyOptions {
  readonly namespace: string;
  readonly target?: string;
  readonly output: OutputFormat;
}

export async function run(
  [name = '']: readonly string[],
  options: WhyOptions,
  io: Io,
): Promise<number> {
  const paths = pathsOf(directoriesFrom(io.env));
  const request = parseRequest(name, options);
  const fresh = await askWhy(paths.controlSocket, request);
  if (fresh !== undefined) {
    if (fresh.tunnels.length === 0)
      throw notThere(request, (await askNow(paths.controlSocket)).report?.tunnels ?? []);
    await print(fresh, options, io);
    return fresh.tunnels.every(({ isWell }) => isWell) ? EXIT.ok : EXIT.difference;
  }
  const report = await readLastReport(paths.report);
  const reason = await whySilent(paths.controlSocket);
  if (report === undefined) {
    io.stderr(`${reason}, and none has reported since it booted: start sallyport agent\n`);
    return EXIT.failed;
  }
  io.stderr(
    `${reason}: nothing was looked at, and this is what its last report of ${report.observedAt} tells; start sallyport agent\n`,
  );
  const told = explainReport(report, request);
  if (told.tunnels.length === 0) throw notThere(request, report.tunnels);
  await print(told, options, io);
  return EXIT.failed;
}

/** Throws {@link UsageError}. */
function parseRequest(name: string, { namespace, target }: WhyOptions): WhyRequest {
  const slash = name.indexOf('/');
  const asked = {
    namespace: slash < 0 ? namespace : name.slice(0, slash),
    connection: name.slice(slash + 1),
  };
  for (const part of Object.values(asked)) {
    if (!Name.safeParse(part).success)
      throw new UsageError(`"${part}" is not a name; for example: sallyport why partner-a`);
  }
  if (target === undefined) return asked;
  const address = parseAddress(target);
  if (address === undefined)
    throw new UsageError(`--target ${target} is not an IPv4 or IPv6 address`);
  return { ...asked, target: formatAddress(address) };
}

async function print(explanation: Explanation, { output }: WhyOptions, io: Io): Promise<void> {
  await printAnswer(io, output, explanation, () => formatExplanation(explanation));
}

/** What can be told without a look. */
function explainReport(work: HostReport, { namespace, connection }: WhyRequest): Explanation {
  const { host, observedAt, tunnels, problems, differences } = work;
  return {
    format: 'sallyport.dev/explanation/v1alpha1',
    host,
    observedAt,
    tunnels: tunnels
      .filter((tunnel) => tunnel.namespace === namespace && tunnel.connection === connection)
      .map((report) => explainTunnel({ report, trail: [], problems, differences, work })),
  };
}

function notThere(
  { namespace, connection }: WhyRequest,
  tunnels: HostReport['tunnels'],
): UsageError {
  const hint = nameHint(connection, [...new Set(tunnels.map((tunnel) => tunnel.connection))]);
  return new UsageError(
    `no tunnel of connection ${namespace}/${connection} on this host${hint === undefined ? '' : `; ${hint}`}`,
  );
}
