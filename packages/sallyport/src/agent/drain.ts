/** Whether this host is drained: kept in a file, as it is to stay so over restarts of the agent and of the machine. */
import { readFile, rm } from 'node:fs/promises';
import { errorCode } from '../lib/error-code.ts';
import { isJson, parseJson } from '../lib/json-fields.ts';
import { Turns } from '../lib/turns.ts';
import { writeFileAtomic } from '../platform/atomic-file.ts';
import type { DrainState } from '../status/drain-report.ts';

export class Drain {
  readonly #path: string;
  readonly #now: () => Date;
  #state: DrainState | undefined;
  /** Several people may ask at once. */
  readonly #turns = new Turns();

  constructor(path: string, now: () => Date) {
    this.#path = path;
    this.#now = now;
  }

  /** Absent: the host is not drained. */
  get state(): DrainState | undefined {
    return this.#state;
  }

  /** What an agent before has left. The file alone says that it is drained, whatever has become of its content. */
  async restore(): Promise<void> {
    try {
      this.#state = this.#parse(await readFile(this.#path, 'utf8'));
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }

  /** Others are to be preferred; nothing new where they are already. */
  begin(): Promise<void> {
    return this.#turns.take(async () => {
      if (this.#state === undefined) await this.#keep({ since: this.#since(), resting: [] });
    });
  }

  /** BGP ends inside a tunnel, too. Throws where the host is not drained any more. */
  rest(tunnel: string): Promise<void> {
    return this.#turns.take(async () => {
      if (this.#state === undefined) throw new Error('the host is not drained');
      const { since, resting } = this.#state;
      await this.#keep({ since, resting: [...new Set([...resting, tunnel])].sort() });
    });
  }

  /** BGP speaks inside all tunnels again, while others are still to be preferred. */
  wake(): Promise<void> {
    return this.#turns.take(async () => {
      if (this.#state !== undefined) await this.#keep({ ...this.#state, resting: [] });
    });
  }

  end(): Promise<void> {
    return this.#turns.take(async () => {
      await rm(this.#path, { force: true });
      this.#state = undefined;
    });
  }

  async #keep(state: DrainState): Promise<void> {
    await writeFileAtomic(this.#path, `${JSON.stringify(state)}\n`);
    this.#state = state;
  }

  #parse(text: string): DrainState {
    const value = parseJson(text);
    const { since, resting } = isJson(value) ? value : {};
    return {
      since: typeof since === 'string' ? since : this.#since(),
      resting: Array.isArray(resting) ? resting.filter((name) => typeof name === 'string') : [],
    };
  }

  #since(): string {
    return this.#now().toISOString();
  }
}
