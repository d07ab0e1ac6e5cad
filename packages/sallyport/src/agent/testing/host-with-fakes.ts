/** One host: a charon without cryptography, a model of the kernel, and the real reconciler between. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ViciClient } from '@sallyport/vici';
import type { KernelIpsec } from '../../drivers/kernel/sas/parse-states.ts';
import { StrongswanDriver } from '../../drivers/strongswan/driver.ts';
import { MemoryFile } from '../../drivers/strongswan/memory-file.ts';
import { FakeCharon } from '../../drivers/strongswan/testing/fake-charon.ts';
import { fakeSa } from '../../drivers/strongswan/testing/sas.ts';
import type { HostPlan, TunnelPlan } from '../../plan/host-plan.ts';
import type { SecretUse } from '../../plan/secret-reference.ts';
import { SecretValue } from '../../platform/secret-value.ts';
import { DriftWatch } from '../drift-watch.ts';
import { KernelLevel } from '../kernel-level.ts';
import type { Log } from '../log.ts';
import { Reconciler, type Round } from '../reconciler.ts';
import { TunnelHistory } from '../record/tunnel-history.ts';
import { EngineLevel, type EngineLevelOptions } from '../shard/engine-level.ts';
import { Failures } from '../shard/failures.ts';
import { RollGuard } from '../shard/roll-guard.ts';
import { SaNews } from '../shard/sa-news.ts';
import { Shard } from '../shard/shard.ts';
import { Shards } from '../shard/shards.ts';
import { TunnelKeeper } from '../shard/tunnel-keeper.ts';
import { FakeKernel } from './fake-kernel.ts';
import { ipsecOf } from './ipsec.ts';
import { type Entry, rememberingLog } from './quiet-log.ts';

export const NOON = '2026-06-01T12:00:00.000Z';
export const KEY = 'correct horse battery staple';

/** One IKE daemon of the host. */
interface FakeDaemonParts {
  readonly charon: FakeCharon;
  readonly memoryPath: string;
}

/** Of levels that these hosts have no part of. */
const NOTHING = { differences: [], problems: [] };

export class HostWithFakes implements AsyncDisposable {
  readonly charon: FakeCharon;
  readonly kernel: FakeKernel = new FakeKernel();
  readonly entries: readonly Entry[];
  readonly drift: DriftWatch;
  /** How the host's own daemon is found. */
  engine: EngineLevelOptions['engine'] = FOUND;
  /** How the daemons of shards are found. */
  shardEngine: EngineLevelOptions['engine'] = FOUND;
  /** Shards whose daemon was ended, in order. */
  readonly ended: string[] = [];
  /** In place of the end of a shard's daemon. */
  stopFault: Error | undefined;
  readSecret: (use: SecretUse) => Promise<SecretValue> = () =>
    Promise.resolve(new SecretValue(Buffer.from(KEY)));
  /** Of the watch of a daemon's kernel. */
  renewWatch = (): Promise<void> => Promise.resolve();
  now = 0;
  /** The virtual addresses that it has. */
  held: ReadonlySet<string> = new Set();
  /** Whether the kernel has what the daemon takes for installed. */
  hasStates = true;
  readonly #directory: string;
  readonly #daemons: ReadonlyMap<string | undefined, FakeDaemonParts>;
  readonly #log: Log;
  readonly #history: TunnelHistory;
  readonly #shards: Shards;
  readonly #reconciler: Reconciler;

  private constructor(
    charons: ReadonlyMap<string | undefined, FakeCharon>,
    directory: string,
    found: readonly string[],
  ) {
    this.#directory = directory;
    this.#daemons = new Map(
      [...charons].map(([name, charon]) => {
        const memoryPath = join(directory, `loaded${name ?? ''}.json`);
        return [name, { charon, memoryPath }];
      }),
    );
    this.charon = this.#daemon(undefined).charon;
    const { log, entries } = rememberingLog();
    this.drift = new DriftWatch({ log, life: 'first', now: () => new Date(NOON) });
    this.#log = log;
    this.#history = new TunnelHistory({
      file: { read: () => Promise.resolve(new Map()), write: () => Promise.resolve() },
      log,
      clock: () => this.now,
    });
    this.entries = entries;
    this.#shards = new Shards({ make: (name) => this.#makeShard(name), found, log });
    this.#reconciler = new Reconciler({
      kernel: new KernelLevel({ kernel: this.kernel, drift: this.drift, log }),
      shards: this.#shards,
      routing: { round: () => Promise.resolve(NOTHING) },
      vrrp: {
        held: () => Promise.resolve(this.held),
        round: () => Promise.resolve(NOTHING),
      },
      reflections: { follow: () => undefined, applyTo: (plan) => plan, report: (bgp) => bgp },
    });
  }

  /** `shards`: names that plans may use; `found`: those that an earlier agent has left. */
  static async start(
    shards: readonly string[] = [],
    found: readonly string[] = [],
  ): Promise<HostWithFakes> {
    const directory = await mkdtemp(join(tmpdir(), 'host-'));
    const charons = new Map<string | undefined, FakeCharon>();
    for (const name of [undefined, ...shards]) charons.set(name, await FakeCharon.listen());
    return new HostWithFakes(charons, directory, found);
  }

  /** The daemon of a shard. */
  charonOf(shard: string): FakeCharon {
    return this.#daemon(shard).charon;
  }

  /** `lines`: what it left different, as it is told. */
  async round(
    plan: HostPlan,
    kernel = true,
    sas = true,
  ): Promise<Round & { readonly lines: string[] }> {
    const { signal } = new AbortController();
    const round = await this.#reconciler.round(
      plan,
      {
        extent: { kernel, loaded: kernel, sas },
        withdrawn: {
          ...{ down: new Set(), failed: new Set(), doubtful: new Set() },
          ...{ silent: new Set(), quiet: new Set() },
          isLanLost: false,
        },
        drilled: new Set(),
        probes: () => [],
      },
      signal,
    );
    return { ...round, lines: round.differences.map(({ text }) => text) };
  }

  /** As if the other side had answered. */
  bringUp(tunnel: TunnelPlan, uniqueId = '1'): void {
    const { charon } = this.#daemon(tunnel.shard);
    const children = tunnel.children.map(({ name, localSelectors, remoteSelectors }, index) => ({
      name,
      uniqueId: `${uniqueId}${index}`,
      selectors: { local: localSelectors, remote: remoteSelectors },
      ...(tunnel.interfaceId === undefined ? {} : { interfaceId: tunnel.interfaceId }),
    }));
    charon.sas.push({ name: tunnel.name, uniqueId, children });
  }

  get messages(): string[] {
    return this.entries.map(({ msg }) => msg);
  }

  memory(): Promise<string> {
    return readFile(this.#daemon(undefined).memoryPath, 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shards.close();
    for (const { charon } of this.#daemons.values()) await charon[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true });
  }

  #daemon(name: string | undefined): FakeDaemonParts {
    const daemon = this.#daemons.get(name);
    if (daemon === undefined) throw new Error(`no daemon ${name ?? 'of the host'}`);
    return daemon;
  }

  #makeShard(name: string | undefined): Shard {
    const { charon, memoryPath } = this.#daemon(name);
    const client = new ViciClient({ socket: charon.socket });
    const log = this.#log;
    const failures = new Failures();
    const hold = {
      place: () => Promise.resolve(() => Promise.resolve()),
      cleanUp: () => Promise.resolve(),
    };
    const rollGuard = new RollGuard({ hold, log });
    const clock = { now: () => this.now, random: () => 0 };
    const found = (): EngineLevelOptions['engine'] =>
      name === undefined ? this.engine : this.shardEngine;
    const engine = {
      socket: charon.socket,
      isExternal: false,
      ensure: (...args: Parameters<EngineLevelOptions['engine']['ensure']>) =>
        found().ensure(...args),
      answers: (signal: AbortSignal) => found().answers(signal),
      stop: () => this.#stop(name),
    };
    const strongswan = new StrongswanDriver({
      client,
      secrets: { read: async (use) => ({ form: 'psk', psk: await this.readSecret(use) }) },
      memory: new MemoryFile(memoryPath),
    });
    const news = new SaNews();
    const keeper = new TunnelKeeper({
      client,
      failures,
      log,
      news,
      rollGuard,
      window: 10,
      ...clock,
    });
    const level = new EngineLevel({
      engine,
      strongswan,
      observeIpsec: () => Promise.resolve(this.#ipsec(charon)),
      leftovers: {
        daemonStarted: () => Promise.resolve(),
        clean: () => Promise.resolve(false),
      },
      keeper,
      news,
      drift: this.drift,
      ...(name === undefined ? {} : { shard: name }),
      failures,
      history: this.#history,
      log,
    });
    const history = this.#history;
    const parts = {
      ...{ engine, client, strongswan, level, keeper, failures, history, news, rollGuard, log },
    };
    const nothing = (): Promise<void> => Promise.resolve();
    const watch = { follow: nothing, renew: () => this.renewWatch() };
    const isThere = (): Promise<boolean> => Promise.resolve(true);
    const cleanAfter = (): Promise<void> => Promise.resolve();
    return new Shard({
      ...(name === undefined ? {} : { name }),
      ...parts,
      watch,
      isThere,
      cleanAfter,
    });
  }

  #stop(name: string | undefined): Promise<void> {
    if (this.stopFault !== undefined) return Promise.reject(this.stopFault);
    if (name !== undefined) this.ended.push(name);
    return Promise.resolve();
  }

  #ipsec(charon: FakeCharon): KernelIpsec {
    if (!this.hasStates) return { states: [], policies: [] };
    return ipsecOf(charon.sas.map(fakeSa));
  }
}

const FOUND: EngineLevelOptions['engine'] = {
  socket: '',
  ensure: () => Promise.resolve('running'),
  answers: () => Promise.resolve(true),
};
