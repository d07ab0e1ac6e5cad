/** Probes to hosts behind the other side, one every 20 ms, by whatever way routing has for them. */
import { startFping } from '../../agent/probes/fping.ts';
import type { Prober } from '../../agent/probes/prober.ts';
import type { Echo } from '../../status/outage.ts';

export const INTERVAL_MILLISECONDS = 20;

/** A person reads figures, and why there are none. */
const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export class Echoes {
  readonly #byTarget = new Map<string, Echo[]>();
  readonly #probers: Prober[] = [];
  /** Why nothing is asked, if it is so. */
  fault: string | undefined;

  /** By source address, its targets, each once. */
  start(targetsBySource: ReadonlyMap<string, readonly string[]>): void {
    for (const [source, targets] of targetsBySource) {
      for (const target of targets) this.#byTarget.set(target, []);
      let first = 0;
      const prober = startFping(
        { method: 'icmp', source, intervalMilliseconds: INTERVAL_MILLISECONDS },
        {
          // It counts from 0 on again: what it has missed meanwhile is missing.
          onStart: () => {
            first = this.#next(targets);
          },
          onAnswer: ({ target, number }) => {
            const at = performance.now();
            this.#byTarget.get(target)?.push({ number: first + number, at });
          },
          onRefusal: () => undefined,
          onEnd: (reason, canAsk) => {
            if (!canAsk) this.fault = reason;
          },
        },
        SILENT,
      );
      prober.ask(targets);
      this.#probers.push(prober);
    }
  }

  of(target: string): readonly Echo[] {
    return this.#byTarget.get(target) ?? [];
  }

  /** Those from which nothing has come for so long. */
  silentFor(milliseconds: number): string[] {
    const since = performance.now() - milliseconds;
    return [...this.#byTarget]
      .filter(([, echoes]) => (echoes.at(-1)?.at ?? Number.NEGATIVE_INFINITY) < since)
      .map(([target]) => target);
  }

  close(): void {
    for (const prober of this.#probers) prober.close();
  }

  #next(targets: readonly string[]): number {
    const last = targets.flatMap((target) => this.of(target).at(-1) ?? []);
    return Math.max(
      0,
      ...last.map(({ number, at }) =>
        Math.ceil(number + (performance.now() - at) / INTERVAL_MILLISECONDS),
      ),
    );
  }
}
