// Hosts as they were before Sallyport: when all is over they are so again, whatever had happened.

import assert from 'node:assert/strict';
import { stateOf } from './footprint.ts';
import type { Host } from './host.ts';
import { leftovers } from './leftovers.ts';
import type { Sallyport } from './sallyport.ts';

/** Of the topology `cluster`. */
export const OUR_HOSTS = ['gw1', 'gw2', 'node1', 'node2', 'node3'] as const;

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

  /** Takes all of it away. Throws where something is left, or is not as it was. */
  async restore(all: readonly Sallyport[]): Promise<void> {
    for (const one of all) {
      await one.endAgent('SIGTERM');
      await one.mustRun(['agent', '--teardown'], { timeoutMs: 60_000 });
      assert.deepEqual(await leftovers(one.host), [], one.host.name);
    }
    for (const { host } of all)
      assert.deepEqual(await stateOf(host), this.#states.get(host), host.name);
  }
}
