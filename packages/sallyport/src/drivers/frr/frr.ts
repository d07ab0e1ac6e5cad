/** All of FRR that an agent needs: its daemons, what they are told, and what they tell. */
import type { CommandRunner } from '../../platform/linux/command.ts';
import type { BgpReport } from '../../status/bgp-report.ts';
import { FrrDriver, type SecretReader } from './driver.ts';
import { FrrEngine } from './engine.ts';
import { readReport } from './read-report.ts';

export interface FrrOptions {
  /** Of the agent: another one has other daemons. */
  readonly runDirectory: string;
  readonly commands: CommandRunner;
  readonly secrets: SecretReader;
  /** A daemon has ended: look again soon. */
  readonly onEnd: () => void;
}

export class Frr {
  readonly driver: FrrDriver;
  readonly #engine: FrrEngine;

  constructor({ secrets, ...options }: FrrOptions) {
    this.#engine = new FrrEngine(options);
    const { commands } = options;
    this.driver = new FrrDriver({ engine: this.#engine, secrets, commands });
  }

  /** Adopts the daemons that run, and starts the others. Throws `FrrError`. */
  ensure(signal: AbortSignal): Promise<'running' | 'started'> {
    return this.#engine.ensure(signal);
  }

  /** Whether one of the daemons runs: where no BGP is wanted, there is something to clean up. */
  isRunning(signal: AbortSignal): Promise<boolean> {
    return this.#engine.isRunning(signal);
  }

  /** Of daemons that run; undefined where no BGP is configured. */
  report(signal: AbortSignal): Promise<BgpReport | undefined> {
    return readReport(this.#engine.vty, signal);
  }

  /** Leaves the daemons as they are. */
  close(): void {
    this.#engine.close();
  }
}
