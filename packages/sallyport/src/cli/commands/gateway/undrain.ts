import { setTimeout as delay } from 'node:timers/promises';
import { askWork } from '../../../agent/control.ts';
import { isEstablished } from '../../../status/bgp-report.ts';
import type { HostReport } from '../../../status/host-report.ts';
import { ObjectStore } from '../../../store/object-store.ts';
import { directoriesFrom, pathsOf } from '../../../store/state-directory.ts';
import { EXIT, type Io, type OutputFormat, printAnswer } from '../../io.ts';
import { askNow, nothingDone } from '../../last-report.ts';
import { carriedGateway } from './carried-gateway.ts';

interface UndrainOptions {
  readonly namespace: string;
  readonly timeout: number;
  readonly output: OutputFormat;
}

const LOOK_MILLISECONDS = 500;

export async function run(
  [name = '']: readonly string[],
  options: UndrainOptions,
  io: Io,
): Promise<number> {
  const paths = pathsOf(directoriesFrom(io.env));
  const socket = paths.controlSocket;
  const told = await askNow(socket);
  if (told.report === undefined) {
    io.stderr(nothingDone(told.silence, 'nothing is changed'));
    return EXIT.failed;
  }
  const { report } = told;
  const gateway = await carriedGateway(
    name,
    options.namespace,
    report,
    new ObjectStore(paths.objects),
  );
  const wasDrained = report.drain !== undefined;
  const down = wasDrained ? await wake(socket, report.drain.resting, options, io) : [];
  if (io.signal.aborted) {
    io.stderr('interrupted: the host stays drained; sallyport gateway undrain takes it back\n');
    return EXIT.interrupted;
  }
  const last = wasDrained ? await askWork(socket, { verb: 'undrain' }) : report;
  if (last === undefined)
    throw new Error(
      'the agent of this host does not answer; it may be drained no more, see sallyport status',
    );
  const isInEffect =
    last.wantedRevision !== undefined && last.revisionInEffect === last.wantedRevision;
  const answer = { host: last.host, gateway, wasDrained, isInEffect, sessionsDown: down };
  await printAnswer(io, options.output, answer, () => {
    if (!wasDrained) return `host ${last.host} is not drained\n`;
    if (!isInEffect)
      return `host ${last.host} is drained no more, but not as declared; see sallyport status\n`;
    const still = down.length === 0 ? '' : `; BGP is not up yet with ${down.join(', ')}`;
    return `host ${last.host} carries Gateway ${gateway} again, and traffic may come from now on${still}\n`;
  });
  return isInEffect && down.length === 0 ? EXIT.ok : EXIT.difference;
}

/** Sessions first: with others preferred still, nothing comes before they are complete. Addresses that stay down. */
async function wake(
  socket: string,
  tunnels: readonly string[],
  { timeout }: UndrainOptions,
  io: Io,
): Promise<string[]> {
  const deadline = performance.now() + timeout * 1_000;
  let report = await askWork(socket, { verb: 'wake' });
  for (;;) {
    if (report === undefined) throw new Error('the agent of this host does not answer');
    const down = downIn(report, tunnels);
    if (down.length === 0 || performance.now() > deadline || io.signal.aborted) return down;
    await delay(LOOK_MILLISECONDS, undefined, { signal: io.signal }).catch(() => undefined);
    ({ report } = await askNow(socket));
  }
}

function downIn({ bgp }: HostReport, tunnels: readonly string[]): string[] {
  return (bgp?.sessions ?? [])
    .filter(({ tunnel }) => tunnel !== undefined && tunnels.includes(tunnel))
    .filter((session) => !isEstablished(session))
    .map(({ address }) => address);
}
