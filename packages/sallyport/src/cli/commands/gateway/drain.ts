import { askWork } from '../../../agent/control.ts';
import type { Work } from '../../../agent/work-request.ts';
import { formatDuration } from '../../../lib/format.ts';
import { messageOf } from '../../../lib/message-of.ts';
import { printable } from '../../../lib/printable.ts';
import { pause } from '../../../platform/pause.ts';
import type { HostReport } from '../../../status/host-report.ts';
import {
  canMove,
  canRest,
  describeFlow,
  type Flow,
  flowsBetween,
  lonelinessOf,
  obstaclesOf,
  otherGateways,
} from '../../../status/judge-drain.ts';
import { EXIT, type Io, type OutputFormat, printAnswer } from '../../io.ts';
import { answered, askNow } from '../../last-report.ts';
import { findCarriedGateway, STAYS_DRAINED } from './carried-gateway.ts';

interface DrainOptions {
  readonly namespace: string;
  readonly force?: boolean;
  readonly timeout: number;
  readonly output: OutputFormat;
}

/** Nothing of others has passed for so long: also what is sent rarely has found the other way. */
const QUIET_MILLISECONDS = 3_000;
/** For the other side to prefer others by itself (RFC 8326); routers tell their changes within seconds. */
const PREFERENCE_MILLISECONDS = 10_000;
const LOOK_MILLISECONDS = 500;

export async function run(
  [name = '']: readonly string[],
  options: DrainOptions,
  io: Io,
): Promise<number> {
  const found = await findCarriedGateway(name, options.namespace, io, 'nothing is drained');
  if (found === undefined) return EXIT.failed;
  const { gateway, socket, report } = found;
  if (!canMove(report) && options.force !== true) {
    io.stderr(
      `host ${report.host} is the only one known to carry Gateway ${gateway}: no session with another gateway is established, and no virtual address could move; with --force it is drained all the same\n`,
    );
    return EXIT.failed;
  }
  const drainage = new Drainage(socket, options, io);
  const { flows, obstacles, report: last } = await drainage.run();
  if (io.signal.aborted) {
    io.stderr(STAYS_DRAINED);
    return EXIT.interrupted;
  }
  const mayStop = flows.length + obstacles.length === 0;
  const answer = {
    ...{ host: last.host, gateway, mayStop, since: last.drain?.since },
    others: otherGateways(last),
    endedSessions: last.drain?.resting ?? [],
    flows,
    obstacles,
  };
  await printAnswer(io, options.output, answer, () =>
    [
      mayStop
        ? `host ${last.host} is drained of Gateway ${gateway}: nothing of others has passed it for ${formatDuration(QUIET_MILLISECONDS / 1_000)}, and it may be stopped`
        : `host ${last.host} is drained of Gateway ${gateway}, stays so, and may NOT be stopped yet:`,
      ...obstacles.map((obstacle) => `  ${obstacle}`),
      ...flows.map((flow) => `  ${describeFlow(flow, last)}`),
      '',
    ]
      .map(printable)
      .join('\n'),
  );
  return mayStop ? EXIT.ok : EXIT.difference;
}

interface Look {
  /** By the steady clock. */
  readonly at: number;
  readonly report: HostReport;
}

interface Outcome {
  readonly report: HostReport;
  /** Of the last moments. */
  readonly flows: readonly Flow[];
  readonly obstacles: readonly string[];
}

class Drainage {
  readonly #socket: string;
  readonly #options: DrainOptions;
  readonly #io: Io;
  /** Since the last thing that was done; oldest first. */
  #looks: Look[] = [];

  constructor(socket: string, options: DrainOptions, io: Io) {
    this.#socket = socket;
    this.#options = options;
    this.#io = io;
  }

  /** Until nothing passes any more, or the time is over. */
  async run(): Promise<Outcome> {
    const begun = performance.now();
    const deadline = begun + this.#options.timeout * 1_000;
    let report = await this.#begin();
    this.#io.stderr(`host ${report.host} gives others the preference\n`);
    for (;;) {
      const now = performance.now();
      const flows = this.#flows(now);
      const obstacles = [
        ...(this.#options.force === true ? [] : lonelinessOf(report)),
        ...obstaclesOf(report),
      ];
      const isQuiet = flows?.length === 0 && obstacles.length === 0;
      if (isQuiet || now > deadline || this.#io.signal.aborted)
        return {
          report,
          flows: flows ?? [],
          obstacles: flows === undefined ? [...obstacles, EARLY] : obstacles,
        };
      const stubborn =
        now - begun > PREFERENCE_MILLISECONDS ? this.#stubborn(flows ?? [], report) : undefined;
      if (stubborn !== undefined) {
        report = await this.#do({ verb: 'rest', tunnel: stubborn });
        this.#io.stderr(
          `${stubborn}: the other side goes on sending, so BGP inside has ended; the tunnel stays up\n`,
        );
      }
      await pause(LOOK_MILLISECONDS, this.#io.signal);
      const told = await askNow(this.#socket);
      if (told.report === undefined) throw new Error(`${told.silence}; the host stays drained`);
      report = told.report;
      this.#looks.push({ at: performance.now(), report });
    }
  }

  async #begin(): Promise<HostReport> {
    try {
      return await this.#do({ verb: 'drain' });
    } catch (error) {
      throw new Error(`${messageOf(error)}; it may be drained already, see sallyport status`, {
        cause: error,
      });
    }
  }

  /** A tunnel out of which packets come, and in which BGP can end without harm. */
  #stubborn(flows: readonly Flow[], report: HostReport): string | undefined {
    const { force = false } = this.#options;
    return (
      flows
        .filter(({ direction }) => direction === 'in')
        // Of several that share an interface nobody knows which one it is.
        .flatMap(({ tunnels }) => (tunnels.length === 1 ? tunnels : []))
        .find(
          (tunnel) =>
            report.drain?.resting.includes(tunnel) === false && (force || canRest(report, tunnel)),
        )
    );
  }

  async #do(work: Work): Promise<HostReport> {
    const report = answered(await askWork(this.#socket, work));
    this.#looks = [{ at: performance.now(), report }];
    return report;
  }

  /** Of the last moments; undefined where not enough of them have passed. */
  #flows(now: number): Flow[] | undefined {
    const last = this.#looks.at(-1);
    const first = this.#looks.findLast(({ at }) => now - at >= QUIET_MILLISECONDS);
    if (first === undefined || last === undefined || first === last) return undefined;
    return flowsBetween(first.report.drain, last.report.drain);
  }
}

const EARLY = 'too little time has passed to tell what still flows; see --timeout';
