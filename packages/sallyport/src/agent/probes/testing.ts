/** Listens to a prober. */
import type { Answer, ProberListener } from './prober.ts';

export class Heard implements ProberListener {
  starts = 0;
  readonly answers: Answer[] = [];
  readonly refusals: [target: string, remark: string][] = [];
  readonly ends: [reason: string, canAsk: boolean][] = [];
  #news: PromiseWithResolvers<undefined> = Promise.withResolvers();

  readonly onStart = (): void => {
    this.starts += 1;
    this.#tell();
  };
  readonly onAnswer = (answer: Answer): void => {
    this.answers.push(answer);
    this.#tell();
  };
  readonly onRefusal = (target: string, remark: string): void => {
    this.refusals.push([target, remark]);
    this.#tell();
  };
  readonly onEnd = (reason: string, canAsk: boolean): void => {
    this.ends.push([reason, canAsk]);
    this.#tell();
  };

  async until(isThere: () => boolean): Promise<void> {
    while (!isThere()) await this.#news.promise;
  }

  #tell(): void {
    this.#news.resolve(undefined);
    this.#news = Promise.withResolvers();
  }
}
