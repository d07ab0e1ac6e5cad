import { pino } from 'pino';
import { runAgent, teardown } from '../../agent/start.ts';
import { directoriesFrom } from '../../store/state-directory.ts';
import { EXIT, type Io } from '../io.ts';
import { VERSION } from '../version.ts';

interface AgentCommandOptions {
  readonly teardown?: boolean;
  readonly charonSocket?: string;
  readonly window: number;
  readonly logLevel: string;
}

export async function run(
  _arguments: readonly string[],
  options: AgentCommandOptions,
  io: Io,
): Promise<number> {
  const log = pino(
    { level: options.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
  const start = {
    directories: directoriesFrom(io.env),
    version: VERSION,
    log,
    window: options.window,
    ...(options.charonSocket === undefined ? {} : { externalSocket: options.charonSocket }),
  };
  if (options.teardown === true) {
    await teardown(start, io.signal);
    io.stdout(
      'nothing of Sallyport is left in daemon and kernel; what was applied is kept, and the next agent brings it back\n',
    );
  } else await runAgent(start, io.signal);
  return EXIT.ok;
}
