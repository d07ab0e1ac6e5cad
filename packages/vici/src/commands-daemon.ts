// Commands about the daemon itself.

import { type CallOptions, CommandSet } from './command-set.ts';
import { ViciCommandError } from './errors.ts';
import type { Message } from './message.ts';

export interface DaemonVersion {
  readonly daemon: string;
  readonly version: string;
  readonly sysname: string;
  readonly release: string;
  readonly machine: string;
}

/** Per priority; `low` is where most jobs run. */
export interface JobCounts {
  readonly critical: number;
  readonly high: number;
  readonly medium: number;
  readonly low: number;
}

export interface DaemonStats {
  /** As the daemon words it, e.g. "3 minutes". */
  readonly uptime: { readonly running: string; readonly since: string };
  /** No idle worker over some time means overload. */
  readonly workers: { readonly total: number; readonly idle: number; readonly active: JobCounts };
  readonly queues: JobCounts;
  readonly scheduled: number;
  readonly ikeSas: { readonly total: number; readonly halfOpen: number };
  readonly plugins: readonly string[];
  readonly raw: Message;
}

/** Section (encryption, aead, prf, ke, ...) to algorithm to the plugin that brings it. */
export type Algorithms = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Counter name, e.g. `ike-rekey-init`, to its value. */
export type Counters = Readonly<Record<string, bigint>>;

const NOTHING_COUNTED = 'no counters found for this connection';

export abstract class DaemonCommands extends CommandSet {
  /** Name and version of the daemon; also the cheapest sign of life. */
  async version(options?: CallOptions): Promise<DaemonVersion> {
    const reply = await this.call('version', {}, options);
    const text = (key: string): string => reply.text(key) ?? '';
    return {
      daemon: text('daemon'),
      version: text('version'),
      sysname: text('sysname'),
      release: text('release'),
      machine: text('machine'),
    };
  }

  async stats(options?: CallOptions): Promise<DaemonStats> {
    const raw = await this.call('stats', {}, options);
    const uptime = raw.section('uptime');
    const workers = raw.section('workers');
    const ikeSas = raw.section('ikesas');
    return {
      uptime: { running: uptime?.text('running') ?? '', since: uptime?.text('since') ?? '' },
      workers: {
        total: workers?.integer('total') ?? 0,
        idle: workers?.integer('idle') ?? 0,
        active: jobCounts(workers?.section('active')),
      },
      queues: jobCounts(raw.section('queues')),
      scheduled: raw.integer('scheduled') ?? 0,
      ikeSas: { total: ikeSas?.integer('total') ?? 0, halfOpen: ikeSas?.integer('half-open') ?? 0 },
      plugins: raw.list('plugins'),
      raw,
    };
  }

  /** Reads strongswan.conf again. Thread counts and table sizes stay as they were at start. */
  async reloadSettings(options?: CallOptions): Promise<void> {
    await this.call('reload-settings', {}, options);
  }

  /** What proposals can be made of. The key exchange section is `dh` in 5.x and `ke` in 6.x. */
  async getAlgorithms(options?: CallOptions): Promise<Algorithms> {
    const reply = await this.call('get-algorithms', {}, options);
    return Object.fromEntries(
      [...reply.sections()].map(([section, algorithms]) => [section, texts(algorithms)]),
    );
  }

  /**
   * Counters of one connection, or without a name the global ones; empty where nothing was counted. The answer for all connections at once
   * outgrows what the daemon can send at about 900 of them, so there is no call for it here.
   */
  async getCounters(name?: string, options?: CallOptions): Promise<Counters> {
    let reply: Message;
    try {
      reply = await this.call('get-counters', { name }, options);
    } catch (error) {
      // So the daemon says that nothing was counted yet, or since the last reset.
      if (error instanceof ViciCommandError && error.errmsg === NOTHING_COUNTED) return {};
      throw error;
    }
    const counters = reply.section('counters')?.section(name ?? '');
    if (counters === undefined) return {};
    return Object.fromEntries([...counters.keys()].map((key) => [key, counters.bigint(key) ?? 0n]));
  }

  /** Sets the counters of one connection, of all, or without a name the global ones to zero. */
  async resetCounters(
    which: { readonly name?: string; readonly all?: boolean } = {},
    options?: CallOptions,
  ): Promise<void> {
    const all = which.all === true ? true : undefined;
    await this.call('reset-counters', { name: which.name, all }, options);
  }
}

function jobCounts(section: Message | undefined): JobCounts {
  return {
    critical: section?.integer('critical') ?? 0,
    high: section?.integer('high') ?? 0,
    medium: section?.integer('medium') ?? 0,
    low: section?.integer('low') ?? 0,
  };
}

function texts(section: Message): Record<string, string> {
  return Object.fromEntries([...section.keys()].map((key) => [key, section.text(key) ?? '']));
}
