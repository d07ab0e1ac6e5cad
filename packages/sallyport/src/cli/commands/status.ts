import { nameHint } from '../../model/nearest-name.ts';
import { pause } from '../../platform/pause.ts';
import { formatStatus } from '../../status/format.ts';
import { type HostReport, isAsWanted } from '../../status/host-report.ts';
import { directoriesFrom, pathsOf } from '../../store/state-directory.ts';
import { EXIT, type Io, type OutputFormat, printAnswer, UsageError } from '../io.ts';
import { askNow, readLastReport } from '../last-report.ts';

interface StatusOptions {
  readonly watch?: boolean;
  readonly output: OutputFormat;
}

const WATCH_MILLISECONDS = 2_000;

/** Between two looks of a watch; values of JSON need none. */
const SEPARATORS = { text: '\n', json: '', yaml: '---\n' } as const;

export async function run(
  [name]: readonly string[],
  options: StatusOptions,
  io: Io,
): Promise<number> {
  const paths = pathsOf(directoriesFrom(io.env));
  for (;;) {
    const now = await askNow(paths.controlSocket);
    const report = now.report ?? (await showLast(now.silence, paths.report, io));
    if (report === undefined) return EXIT.failed;
    const shown = name === undefined ? report : { ...report, tunnels: pick(report, name) };
    await printAnswer(io, options.output, shown, () =>
      formatStatus(shown, new Date().toISOString(), now.report === undefined),
    );
    if (options.watch !== true) return now.report === undefined ? EXIT.failed : exitCodeOf(shown);
    await pause(WATCH_MILLISECONDS, io.signal);
    if (io.signal.aborted) return EXIT.ok;
    io.stdout(SEPARATORS[options.output]);
  }
}

/** What an agent told before, with a word that it is not of now; undefined where there is none. */
async function showLast(silence: string, path: string, io: Io): Promise<HostReport | undefined> {
  const last = await readLastReport(path);
  io.stderr(
    last === undefined
      ? `${silence}; no agent has reported since this host booted: start sallyport agent where none runs\n`
      : `${silence}; this is its last report, of ${last.observedAt}\n`,
  );
  return last;
}

/** By name or namespace/name of the connection. */
function pick({ tunnels }: HostReport, name: string): HostReport['tunnels'] {
  const found = tunnels.filter(({ namespace, connection }) =>
    [connection, `${namespace}/${connection}`].includes(name),
  );
  if (found.length === 0) {
    const hint = nameHint(name, [...new Set(tunnels.map(({ connection }) => connection))]);
    throw new UsageError(
      `no tunnel of connection ${name} on this host${hint === undefined ? '' : `; ${hint}`}`,
    );
  }
  return found;
}

/** What is declared and what is there differ where a tunnel is not in the state it should be in. */
function exitCodeOf({ tunnels, revisionInEffect, wantedRevision }: HostReport): number {
  const asWanted = tunnels.every(({ state }) => isAsWanted(state));
  return asWanted && revisionInEffect === wantedRevision ? EXIT.ok : EXIT.difference;
}
