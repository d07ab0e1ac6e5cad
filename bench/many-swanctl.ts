// Many connections in one swanctl.conf, loaded and brought up as a person does it.

import type { ViciClient } from '@sallyport/vici';
import { Stranger } from '../lab/stranger.ts';
import {
  gatewaySection,
  MANY_SAS,
  numbersBelow,
  type PolicyName,
  type StartAction,
  siteName,
  type Thousand,
} from '../lab/topologies/thousand.ts';
import {
  clientOf,
  createNetwork,
  dataPlaneHere,
  type ManyGateway,
  untilAllUp,
} from './many-gateway.ts';

export class ManySwanctl implements ManyGateway {
  readonly network: Thousand;
  readonly client: ViciClient;
  readonly #daemon: Stranger;
  readonly #start: StartAction;

  private constructor(network: Thousand, daemon: Stranger, start: StartAction) {
    this.network = network;
    this.#daemon = daemon;
    this.#start = start;
    this.client = clientOf(`unix://${daemon.host.file('vici')}`);
  }

  /** `start`: what the daemon does with a connection that it loads. Returns when every one is up. */
  static async create(connections: number, start: StartAction): Promise<ManySwanctl> {
    const network = await createNetwork(connections);
    const host = network.lab.host('gw');
    const daemon = new Stranger(host, {
      ...{ configFile: host.file('gateway.conf'), dataPlane: await dataPlaneHere() },
      settings: MANY_SAS,
    });
    const gateway = new ManySwanctl(network, daemon, start);
    await gateway.write(new Map());
    await daemon.start();
    if (start === 'none') await gateway.initiateAll(1);
    await untilAllUp(gateway);
    return gateway;
  }

  nameOf(number: number): string {
    return siteName(number);
  }

  /** The whole file; `changed`: policies that are not the usual one. */
  async write(changed: ReadonlyMap<number, PolicyName>): Promise<void> {
    const sections = numbersBelow(this.network.connections).map((number) =>
      gatewaySection(number, changed.get(number) ?? 'long', this.#start),
    );
    await this.#daemon.host.write('gateway.conf', sections.join(''));
  }

  /** `swanctl --load-all`. */
  async load(): Promise<void> {
    await this.#daemon.reload();
  }

  /** As `systemctl restart`: the SAs are deleted, the daemon is started and loads everything. */
  async restart(): Promise<void> {
    await this.#daemon.stop();
    await this.#daemon.start();
  }

  async kill(): Promise<void> {
    await this.#daemon.kill();
  }

  /** Starts the daemon and `swanctl --load-all`. */
  async start(): Promise<void> {
    await this.#daemon.start();
  }

  /** One `swanctl --initiate` for each connection, so many of them at once. */
  async initiateAll(atOnce: number): Promise<void> {
    const names = numbersBelow(this.network.connections).map(siteName);
    await this.#daemon.host.mustExec(
      'xargs',
      ['-P', String(atOnce), '-I', 'NAME', ...this.#initiate],
      {
        ...{ input: `${names.join('\n')}\n`, timeoutMs: 300_000 },
      },
    );
  }

  get #initiate(): readonly string[] {
    const uri = `unix://${this.#daemon.host.file('vici')}`;
    return ['swanctl', '--initiate', '--child', 'NAME', '--timeout', '30', '--uri', uri];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.network[Symbol.asyncDispose]();
  }
}
