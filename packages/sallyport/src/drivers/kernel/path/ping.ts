/** Pings that may not be fragmented, from this host through a tunnel: a small one, one of its MTU, and one that is larger. */
import { familyOf } from '../../../lib/prefix.ts';
import type { CommandRunner } from '../../../platform/linux/command.ts';
import type { Ping, Probe } from '../../../status/why/evidence.ts';
import { PING_HEADERS, parsePing } from './parse.ts';

export interface PingPath {
  readonly target: string;
  /** Our address inside the networks of the tunnel. */
  readonly source: string;
  readonly mtuBytes: number;
}

const SMALL_BYTES = 84;
/** Between a small packet and the MTU, largest first: what usual paths and tunnels leave. */
const STEPS = [1400, 1360, 1320, 1280, 1240, 1200, 1100, 1000, 800, 576];
/** One packet may be lost for another reason. */
const COUNT = 3;

/** Throws where ping cannot be run, with what it said. */
export async function pingPath(
  commands: CommandRunner,
  path: PingPath,
  signal: AbortSignal,
): Promise<Probe> {
  const { target, source, mtuBytes } = path;
  const send = (bytes: number): Promise<Ping> => sendPings(commands, path, bytes, signal);
  const sendAll = (sizes: readonly number[]): Promise<Ping[]> => Promise.all(sizes.map(send));
  const [pings, above] = await Promise.all([sendAll([SMALL_BYTES, mtuBytes]), send(mtuBytes + 1)]);
  const [small, large] = pings;
  const isSmaller = (small?.received ?? 0) > 0 && large?.received === 0;
  if (!isSmaller) return { target, source, pings, above };
  // Beside these both once more: a path that loses everything for a moment is not too narrow.
  const between = STEPS.filter((bytes) => bytes < mtuBytes).toReversed();
  return { target, source, pings: await sendAll([SMALL_BYTES, ...between, mtuBytes]), above };
}

async function sendPings(
  commands: CommandRunner,
  { target, source }: PingPath,
  bytes: number,
  signal: AbortSignal,
): Promise<Ping> {
  const payload = bytes - PING_HEADERS[familyOf(target) ?? 4];
  const args = ['-n', '-c', String(COUNT), '-i', '0.2', '-W', '1', '-M', 'do'];
  const result = await commands.run(
    'ping',
    [...args, '-s', String(payload), '-I', source, target],
    { signal },
  );
  const ping = parsePing(result, bytes);
  if (ping === undefined) throw new Error(result.stderr.trim() || `exit code ${result.code}`);
  return ping;
}
