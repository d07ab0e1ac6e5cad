// Many connections, declared and kept by Sallyport.

import type { ViciClient } from '@sallyport/vici';
import { Sallyport } from '../lab/sallyport.ts';
import { siteName, type Thousand } from '../lab/topologies/thousand.ts';
import { clientOf, createNetwork, type ManyGateway, untilAllUp } from './many-gateway.ts';

const PATIENCE_SECONDS = 300;

export class ManySallyport implements ManyGateway {
  readonly network: Thousand;
  readonly client: ViciClient;
  readonly #sallyport: Sallyport;

  private constructor(network: Thousand) {
    this.network = network;
    this.#sallyport = new Sallyport(network.lab.host('gw'));
    this.client = clientOf(`unix://${network.lab.host('gw').file('run/charon.vici')}`);
  }

  /** Returns when every connection is up. */
  static async create(connections: number): Promise<ManySallyport> {
    const gateway = new ManySallyport(await createNetwork(connections));
    await gateway.#sallyport.startAgent();
    await gateway.apply(gateway.network.declarations);
    await untilAllUp(gateway);
    return gateway;
  }

  nameOf(number: number): string {
    return `sp.default.${siteName(number)}.main`;
  }

  /** Returns when the agent has proven it. */
  async apply(path: string): Promise<void> {
    await this.#sallyport.mustRun(['apply', '-f', path, '--timeout', String(PATIENCE_SECONDS)], {
      timeoutMs: (PATIENCE_SECONDS + 30) * 1_000,
    });
  }

  /** Of the plan that the agent follows. */
  get stateDirectory(): string {
    return this.#sallyport.environment['SALLYPORT_STATE_DIR'] ?? '';
  }

  async killDaemon(): Promise<void> {
    await this.#sallyport.killDaemon();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.network[Symbol.asyncDispose]();
  }
}
