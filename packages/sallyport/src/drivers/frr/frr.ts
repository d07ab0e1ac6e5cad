/** All of FRR that an agent needs: its daemons, what they are told, and what they tell. */
import type { Family } from '../../lib/prefix.ts';
import type { ReflectedPath } from '../../plan/reflected.ts';
import type { CommandRunner } from '../../platform/linux/command.ts';
import type { BgpReport } from '../../status/bgp-report.ts';
import type { SecretReader } from '../secret-reader.ts';
import { FrrDriver } from './driver.ts';
import { FrrEngine } from './engine.ts';
import { AdvertisedReader } from './read-advertised.ts';
import { PathReader, type ReflectorState, StateReader } from './read-reflected.ts';
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
  readonly #state: StateReader;
  readonly #paths: PathReader;
  readonly #advertised: AdvertisedReader;

  constructor({ secrets, ...options }: FrrOptions) {
    this.#engine = new FrrEngine(options);
    this.#state = new StateReader(this.#engine.vty.bgpd);
    this.#paths = new PathReader(this.#engine.vty.bgpd);
    this.#advertised = new AdvertisedReader(this.#engine.vty.bgpd);
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

  /** Of daemons that run, with the configuration that was observed last; undefined where there is no BGP in it. */
  async report(signal: AbortSignal): Promise<BgpReport | undefined> {
    const observed = this.driver.observed ?? (await this.driver.observe(signal));
    return readReport(this.#engine.vty, observed, this.#advertised, signal);
  }

  /** Of all neighbours. Throws `VtyError` where bgpd does not answer. */
  reflectors(signal: AbortSignal): Promise<ReflectorState> {
    return this.#state.read(signal);
  }

  /** What they have told; the same list while it is the same. Throws `VtyError` where bgpd does not answer. */
  paths(families: readonly Family[], signal: AbortSignal): Promise<readonly ReflectedPath[]> {
    return this.#paths.read(families, signal);
  }

  /** Leaves the daemons as they are. */
  close(): void {
    this.#engine.close();
  }
}
