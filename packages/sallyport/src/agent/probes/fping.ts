/**
 * Sends probes with fping(8): one process asks all targets from one address through one interface, for as long as
 * they are followed, so that no probe costs a process.
 *
 * fping ends where it has no such interface or address, and is started again, after growing pauses. It goes on in
 * silence where packets cannot be sent any more, as from an interface that was made anew under the same name
 * (SO_BINDTODEVICE holds the old one): it always tells of losses within seconds, so silence is ended too.
 * Its clock is the one that people set: `agent/probes/probes.ts` starts it anew then.
 */
import { backoffMilliseconds } from '../../lib/backoff.ts';
import { printable } from '../../lib/printable.ts';
import { COULD_NOT_RUN, followProgram } from '../../platform/linux/follow-program.ts';
import type { Log } from '../log.ts';
import { fpingArguments, longestSilence, parseAnswer, parseRefusal } from './fping-lines.ts';
import type { Asking, Prober, ProberListener, StartProber } from './prober.ts';

export const startFping: StartProber = (asking, listener, log) => new Fping(asking, listener, log);

const RETRY = { baseMilliseconds: 100, maxMilliseconds: 5_000 };
/** execve(2) failed: what setpriv(1) and shells say. */
const CANNOT_RUN: readonly (number | undefined)[] = [126, COULD_NOT_RUN];
/** Without CAP_NET_RAW. */
const NO_SOCKET = /can't create (raw )?socket/i;

class Fping implements Prober {
  readonly #asking: Asking;
  readonly #listener: ProberListener;
  readonly #log: Log;
  #targets: readonly string[] = [];
  #running: AbortController | undefined;
  #failures = 0;
  #complaint: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;

  constructor(asking: Asking, listener: ProberListener, log: Log) {
    this.#asking = asking;
    this.#listener = listener;
    this.#log = log;
  }

  ask(targets: readonly string[]): void {
    this.#targets = targets;
    this.#failures = 0;
    this.#start();
  }

  close(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    this.#running?.abort();
  }

  #start(): void {
    this.close();
    const running = new AbortController();
    this.#running = running;
    this.#complaint = undefined;
    followProgram(
      ['fping', fpingArguments(this.#asking, this.#targets)],
      {
        onLine: (line) => {
          this.#silence?.refresh();
          const answer = parseAnswer(line);
          if (answer === undefined) return;
          this.#failures = 0;
          this.#listener.onAnswer(answer);
        },
        onComplaint: (line) => {
          const refusal = parseRefusal(printable(line));
          if (refusal !== undefined) this.#listener.onRefusal(refusal.target, refusal.remark);
          else if (line !== '') this.#complaint = printable(line);
        },
        onEnd: (reason, code) => {
          this.#ended(this.#complaint ?? `fping ${reason}`, code);
        },
      },
      running.signal,
    );
    this.#silence = setTimeout(() => {
      this.#log.debug({ ...this.#asking }, 'probes fell silent; starting them again');
      this.#startLater();
    }, longestSilence(this.#asking));
    this.#listener.onStart();
  }

  #ended(reason: string, code: number | undefined): void {
    const canAsk = !CANNOT_RUN.includes(code) && !NO_SOCKET.test(reason);
    if (this.#failures === 0)
      this.#log.warn({ ...this.#asking, error: reason }, 'probes ended; starting them again');
    this.#listener.onEnd(reason, canAsk);
    this.#startLater();
  }

  #startLater(): void {
    this.close();
    this.#failures += 1;
    const pause = backoffMilliseconds(this.#failures, Math.random(), RETRY);
    this.#retry = setTimeout(() => {
      this.#start();
    }, pause);
  }
}
