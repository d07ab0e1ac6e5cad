// Hosts as they were before Sallyport: when all is over they are so again, whatever had happened.

import assert from 'node:assert/strict';
import { stateOf } from './footprint.ts';
import type { Host } from './host.ts';
import { leftovers } from './leftovers.ts';
import type { Sallyport } from './sallyport.ts';
import type { ClusterLab } from './topologies/cluster.ts';

const OURS_OF_CLUSTER = ['gw1', 'gw2', 'node1', 'node2', 'node3'] as const;

export class Untouched {
  readonly #states: ReadonlyMap<Host, readonly string[]>;

  private constructor(states: ReadonlyMap<Host, readonly string[]>) {
    this.#states = states;
  }

  static async of(hosts: readonly Host[]): Promise<Untouched> {
    const states = new Map<Host, readonly string[]>();
    for (const host of hosts) states.set(host, await stateOf(host));
    return new Untouched(states);
  }

  /** The cluster's side of the topology, before anything runs there. */
  static async in(lab: ClusterLab): Promise<Untouched> {
    return Untouched.of(OURS_OF_CLUSTER.map((name) => lab.host(name)));
  }

  /** Takes all of it away. Throws where something is left, or is not as it was. */
  async restore(all: readonly Sallyport[]): Promise<void> {
    for (const one of all) {
      await one.endAgent('SIGTERM');
      await one.mustRun(['agent', '--teardown']);
    }
    await this.check(all.map(({ host }) => host));
  }

  /** Throws where something is left on one of them, or is not as it was. */
  async check(hosts: readonly Host[]): Promise<void> {
    for (const host of hosts) {
      assert.deepEqual(await leftovers(host), [], host.name);
      assert.deepEqual(await stateOf(host), this.#states.get(host), host.name);
    }
  }
}
