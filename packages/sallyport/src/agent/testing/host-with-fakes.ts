/** One host: a charon without cryptography, a model of the kernel, and the real reconciler between. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ViciClient } from '@sallyport/vici';
import { StrongswanDriver } from '../../drivers/strongswan/driver.ts';
import { MemoryFile } from '../../drivers/strongswan/memory-file.ts';
import { FakeCharon } from '../../drivers/strongswan/testing/fake-charon.ts';
import { fakeSa } from '../../drivers/strongswan/testing/sas.ts';
import type { HostPlan, SecretUse, TunnelPlan } from '../../plan/host-plan.ts';
import { SecretValue } from '../../platform/secret-value.ts';
import { DriftWatch } from '../drift-watch.ts';
import { EngineLevel, type EngineLevelOptions } from '../engine-level.ts';
import { Failures } from '../failures.ts';
import { KernelLevel } from '../kernel-level.ts';
import { Reconciler, type Round } from '../reconciler.ts';
import { RollGuard } from '../roll-guard.ts';
import { TunnelHistory } from '../tunnel-history.ts';
import { TunnelKeeper } from '../tunnel-keeper.ts';
import { FakeKernel } from './fake-kernel.ts';
import { type Entry, rememberingLog } from './quiet-log.ts';

export const NOON = '2026-06-01T12:00:00.000Z';
export const KEY = 'correct horse battery staple';

export class HostWithFakes implements AsyncDisposable {
  readonly charon: FakeCharon;
  readonly kernel: FakeKernel = new FakeKernel();
  readonly entries: readonly Entry[];
  readonly drift: DriftWatch;
  /** How the daemon is found. */
  engine: EngineLevelOptions['engine'] = {
    socket: '',
    ensure: () => Promise.resolve('running'),
    answers: () => Promise.resolve(true),
  };
  readSecret: (use: SecretUse) => Promise<SecretValue> = () =>
    Promise.resolve(new SecretValue(Buffer.from(KEY)));
  now = 0;
  /** Whether the kernel has what the daemon takes for installed. */
  hasStates = true;
  readonly #directory: string;
  readonly #client: ViciClient;
  readonly #reconciler: Reconciler;

  private constructor(charon: FakeCharon, directory: string) {
    this.charon = charon;
    this.#directory = directory;
    this.#client = new ViciClient({ socket: charon.socket });
    const client = this.#client;
    const { log, entries } = rememberingLog();
    this.entries = entries;
    const failures = new Failures();
    const hold = {
      place: () => Promise.resolve(() => Promise.resolve()),
      cleanUp: () => Promise.resolve(),
    };
    const rollGuard = new RollGuard({ hold, log });
    const clock = { now: () => this.now, random: () => 0 };
    this.drift = new DriftWatch({ log, life: 'first', now: () => new Date(NOON) });
    const drift: DriftWatch = this.drift;
    const level = new EngineLevel({
      engine: {
        socket: charon.socket,
        ensure: (...args) => this.engine.ensure(...args),
        answers: (signal) => this.engine.answers(signal),
      },
      strongswan: new StrongswanDriver({
        client,
        secrets: { read: async (use) => ({ form: 'psk', psk: await this.readSecret(use) }) },
        memory: new MemoryFile(this.#memoryPath),
      }),
      observeSpis: () => Promise.resolve(this.#spis()),
      keeper: new TunnelKeeper({ client, failures, log, rollGuard, window: 10, ...clock }),
      drift,
      failures,
      history: new TunnelHistory({
        file: { read: () => Promise.resolve(new Map()), write: () => Promise.resolve() },
        log,
        clock: () => this.now,
      }),
      log,
    });
    this.#reconciler = new Reconciler({
      kernel: new KernelLevel({ kernel: this.kernel, drift, log }),
      engine: level,
    });
  }

  static async start(): Promise<HostWithFakes> {
    const directory = await mkdtemp(join(tmpdir(), 'host-'));
    return new HostWithFakes(await FakeCharon.listen(), directory);
  }

  /** `lines`: what it left different, as it is told. */
  async round(plan: HostPlan, kernel = true): Promise<Round & { readonly lines: string[] }> {
    const round = await this.#reconciler.round(plan, { kernel }, new AbortController().signal);
    return { ...round, lines: round.differences.map(({ text }) => text) };
  }

  /** As if the other side had answered. */
  bringUp(tunnel: TunnelPlan, uniqueId = '1'): void {
    const children = tunnel.children.map(({ name, localSelectors, remoteSelectors }, index) => ({
      name,
      uniqueId: `${uniqueId}${index}`,
      selectors: { local: localSelectors, remote: remoteSelectors },
      ...(tunnel.interfaceId === undefined ? {} : { interfaceId: tunnel.interfaceId }),
    }));
    this.charon.sas.push({ name: tunnel.name, uniqueId, children });
  }

  get messages(): string[] {
    return this.entries.map(({ msg }) => msg);
  }

  memory(): Promise<string> {
    return readFile(this.#memoryPath, 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
    await this.charon[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true });
  }

  get #memoryPath(): string {
    return join(this.#directory, 'loaded.json');
  }

  #spis(): ReadonlySet<string> {
    if (!this.hasStates) return new Set();
    const children = this.charon.sas.map(fakeSa).flatMap((sa) => sa.children);
    return new Set(children.flatMap(({ spiIn = '', spiOut = '' }) => [spiIn, spiOut]));
  }
}
