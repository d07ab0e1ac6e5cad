/**
 * Tunnels that are taken out on purpose for some time. Only this process knows of it: when it ends, the next agent finds
 * a host that is not as planned, and puts it right.
 */
import type { DrillReport } from '../status/drain-report.ts';

export class Drill {
  readonly #onEnd: () => void;
  #report: DrillReport | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `onEnd`: the time is over, and nobody has ended it. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  get report(): DrillReport | undefined {
    return this.#report;
  }

  /** Names of tunnels. */
  get tunnels(): ReadonlySet<string> {
    return new Set(this.#report?.tunnels);
  }

  /** In place of any other drill; ends by itself, whatever becomes of who began it. */
  begin(tunnels: readonly string[], seconds: number): void {
    this.end();
    const milliseconds = seconds * 1_000;
    const until = new Date(Date.now() + milliseconds).toISOString();
    this.#report = { tunnels: [...tunnels].sort(), until };
    this.#timer = setTimeout(() => {
      this.end();
      this.#onEnd();
    }, milliseconds);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#report = undefined;
  }
}
