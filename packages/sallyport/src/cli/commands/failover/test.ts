import { familyOf, formatAddress, parseAddress } from '../../../lib/prefix.ts';
import { internalAddresses } from '../../../model/host.ts';
import { nameHint } from '../../../model/nearest-name.ts';
import { isEstablished } from '../../../status/bgp-report.ts';
import type { HostReport, TunnelReport } from '../../../status/host-report.ts';
import { otherGateways } from '../../../status/judge-drain.ts';
import { ObjectStore } from '../../../store/object-store.ts';
import { directoriesFrom, pathsOf } from '../../../store/state-directory.ts';
import { hostsOfPath } from '../../carried-by.ts';
import { tunnelWords } from '../../failover/carrier.ts';
import { DrillRun, LONGEST_DRILL_SECONDS } from '../../failover/drill-run.ts';
import { formatDrill } from '../../failover/format.ts';
import { EXIT, type Io, type OutputFormat, printAnswer, UsageError } from '../../io.ts';
import { askNow, nothingDone } from '../../last-report.ts';

interface TestOptions {
  readonly target: readonly string[];
  readonly source?: string;
  readonly duration: number;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly output: OutputFormat;
}

export async function run(
  [path]: readonly string[],
  options: TestOptions,
  io: Io,
): Promise<number> {
  if (options.duration > LONGEST_DRILL_SECONDS)
    throw new UsageError(`--duration: at most ${LONGEST_DRILL_SECONDS} seconds`);
  const paths = pathsOf(directoriesFrom(io.env));
  const told = await askNow(paths.controlSocket);
  if (told.report === undefined) {
    io.stderr(nothingDone(told.silence, 'nothing is taken out'));
    return EXIT.failed;
  }
  const { report } = told;
  const store = new ObjectStore(paths.objects);
  const takenOut =
    path === undefined
      ? report.tunnels.filter(({ state }) => state !== 'disabled')
      : [await tunnelOf(path, report, store)];
  const sources = await sourcesOf(options, report, store);
  const obstacle = obstacleTo(takenOut, report);
  if (obstacle !== undefined && options.force !== true) {
    io.stderr(`${obstacle}; with --force it is taken out all the same\n`);
    return EXIT.failed;
  }
  const names = takenOut.map(tunnelWords).join(', ');
  if (
    !(await hasConsent(
      `take out ${names} for ${options.duration} s on host ${report.host}`,
      options,
      io,
    ))
  )
    return EXIT.failed;
  const drill = new DrillRun({ socket: paths.controlSocket, io, report, sources });
  const answer = await drill.run({
    seconds: options.duration,
    ...(path === undefined ? {} : { tunnel: takenOut[0]?.name ?? '' }),
  });
  if (answer === undefined) return EXIT.failed;
  await printAnswer(io, options.output, answer, () => formatDrill(answer));
  if (io.signal.aborted) return EXIT.interrupted;
  const isWell =
    answer.restored &&
    answer.targets.every(({ out, stayed }) => !stayed && out.resumedMilliseconds !== null);
  return isWell ? EXIT.ok : EXIT.difference;
}

/** `connection/tunnel`, with or without its namespace. Throws {@link UsageError}. */
async function tunnelOf(
  path: string,
  { tunnels, host }: HostReport,
  store: ObjectStore,
): Promise<TunnelReport> {
  const found = tunnels.find((tunnel) =>
    [tunnelWords(tunnel), `${tunnel.connection}/${tunnel.tunnel}`].includes(path),
  );
  if (found !== undefined) return found;
  const elsewhere = await hostsOfPath(path, store);
  const hint =
    elsewhere.length === 0
      ? nameHint(path, tunnels.map(tunnelWords))
      : `it is on ${elsewhere.join(' or ')}`;
  throw new UsageError(`no tunnel ${path} on host ${host}${hint === undefined ? '' : `; ${hint}`}`);
}

/** Targets by the address of ours that asks them. Throws {@link UsageError}. */
async function sourcesOf(
  { target: targets, source }: TestOptions,
  report: HostReport,
  store: ObjectStore,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const own = (await store.read(['Host'])).flatMap(({ object }) =>
    object.kind === 'Host' && object.metadata.name === report.host ? internalAddresses(object) : [],
  );
  const known = source === undefined ? own : [source, ...own];
  const asked = [...new Set(targets)].map((target) => {
    const address = parseAddress(target);
    if (address === undefined)
      throw new UsageError(`--target ${target} is not an IPv4 or IPv6 address`);
    const from = known.find((one) => familyOf(one) === address.family);
    if (from === undefined)
      throw new UsageError(
        `host ${report.host} has no internal address to ask ${target} from; name one by --source`,
      );
    return { from, target: formatAddress(address) };
  });
  return new Map(
    [...Map.groupBy(asked, ({ from }) => from)].map(([from, group]) => [
      from,
      group.map(({ target }) => target),
    ]),
  );
}

/** Why packets would have no other way; undefined: they have one. */
function obstacleTo(takenOut: readonly TunnelReport[], report: HostReport): string | undefined {
  const hasGateway = otherGateways(report).length > 0;
  // Another gateway knows what BGP has told: it carries nothing of a tunnel without.
  const speaking = new Set(
    (report.bgp?.sessions ?? []).filter(isEstablished).flatMap(({ tunnel }) => tunnel ?? []),
  );
  const usable = new Set(
    (report.health?.tunnels ?? []).flatMap((tunnel) => (tunnel.usable ? tunnel.tunnel : [])),
  );
  const others = report.tunnels.filter(
    (tunnel) =>
      !takenOut.includes(tunnel) &&
      tunnel.state === 'up' &&
      (report.health === undefined || usable.has(tunnel.name)),
  );
  const alone = takenOut.find(
    ({ name, namespace, connection }) =>
      !(hasGateway && speaking.has(name)) &&
      !others.some((other) => other.namespace === namespace && other.connection === connection),
  );
  return alone === undefined
    ? undefined
    : `${tunnelWords(alone)}: no other path that is up is known`;
}

/** Throws {@link UsageError} where nobody can be asked. */
async function hasConsent(deed: string, { yes }: TestOptions, io: Io): Promise<boolean> {
  if (yes === true) return true;
  if (io.ask === undefined)
    throw new UsageError(`this would ${deed}: say --yes, as nobody can be asked here`);
  if (/^y(es)?$/i.test((await io.ask(`${deed}? [y/N] `)).trim())) return true;
  io.stderr('nothing is taken out\n');
  return false;
}
