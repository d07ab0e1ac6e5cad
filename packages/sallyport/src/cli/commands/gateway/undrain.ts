import { askWork } from '../../../agent/control.ts';
import { pause } from '../../../platform/pause.ts';
import { isEstablished } from '../../../status/bgp-report.ts';
import type { HostReport } from '../../../status/host-report.ts';
import { EXIT, type Io, type OutputFormat, printAnswer } from '../../io.ts';
import { answered, askNow } from '../../last-report.ts';
import { findCarriedGateway, STAYS_DRAINED } from './carried-gateway.ts';

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
  const found = await findCarriedGateway(name, options.namespace, io, 'nothing is changed');
  if (found === undefined) return EXIT.failed;
  const { gateway, socket, report } = found;
  const wasDrained = report.drain !== undefined;
  const down = wasDrained ? await wake(socket, report.drain.resting, options, io) : [];
  if (io.signal.aborted) {
    io.stderr(STAYS_DRAINED);
    return EXIT.interrupted;
  }
  const last = wasDrained
    ? answered(
        await askWork(socket, { verb: 'undrain' }),
        'it may be drained no more, see sallyport status',
      )
    : report;
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
    const down = downIn(answered(report), tunnels);
    if (down.length === 0 || performance.now() > deadline || io.signal.aborted) return down;
    await pause(LOOK_MILLISECONDS, io.signal);
    ({ report } = await askNow(socket));
  }
}

function downIn({ bgp }: HostReport, tunnels: readonly string[]): string[] {
  return (bgp?.sessions ?? [])
    .filter(({ tunnel }) => tunnel !== undefined && tunnels.includes(tunnel))
    .filter((session) => !isEstablished(session))
    .map(({ address }) => address);
}
