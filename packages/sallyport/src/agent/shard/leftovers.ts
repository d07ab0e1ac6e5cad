/**
 * What a daemon that was killed has left in the kernel. Its SAs go on carrying packets, so they stay until
 * those of the next daemon carry them; what no tunnel wants any more goes at once.
 */
import type { IkeSa } from '@sallyport/vici';
import { removeEngineRoutes, removeEngineRouting } from '../../drivers/kernel/engine-routes.ts';
import { observeIpsec, observePackets, removeIpsec } from '../../drivers/kernel/sas/ipsec.ts';
import { findLeft, type IpsecKnown, NOTHING_KNOWN } from '../../drivers/kernel/sas/left-ipsec.ts';
import {
  type KernelIpsec,
  type KernelState,
  nameOfState,
} from '../../drivers/kernel/sas/parse-states.ts';
import { reqidOf } from '../../drivers/strongswan/render.ts';
import { canonicalPrefix } from '../../lib/canonical-address.ts';
import type { HostPlan } from '../../plan/host-plan.ts';
import type { CommandRunner } from '../../platform/linux/command.ts';
import type { Log } from '../log.ts';

/** An SA whose successor stands is not needed when nothing has come by it for so long. */
const IDLE_MILLISECONDS = 10_000;

export interface LeftoversOptions {
  readonly commands: CommandRunner;
  readonly log: Log;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

export class Leftovers {
  readonly #options: LeftoversOptions;
  /** Unwanted at the last look. Daemon and kernel are asked one after the other: only twice is certain. */
  #suspects: ReadonlySet<string> = new Set();
  /** By SA: packets, and since when there are as many. */
  #counts: ReadonlyMap<string, { readonly packets: number; readonly since: number }> = new Map();

  constructor(options: LeftoversOptions) {
    this.#options = options;
  }

  /** After a fresh start of our own daemon: routes that it would make for no tunnel. */
  async daemonStarted(plan: HostPlan, signal: AbortSignal): Promise<void> {
    const selectors = plan.tunnels
      .filter(({ enabled }) => enabled)
      .flatMap(({ children }) => children.flatMap(({ remoteSelectors }) => remoteSelectors));
    const kept = new Set(selectors.map(canonicalPrefix));
    await removeEngineRoutes(this.#options.commands, kept, signal);
  }

  /** True where something is to be looked at again soon. */
  async clean(
    kernel: KernelIpsec,
    sas: readonly IkeSa[],
    plan: HostPlan,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { unwanted, replaced } = findLeft(kernel, knownOf(sas, plan));
    const suspects = new Set([
      ...unwanted.states.map(nameOfState),
      ...unwanted.policies.map(({ index }) => `policy ${index}`),
    ]);
    const certain = {
      states: unwanted.states.filter((state) => this.#suspects.has(nameOfState(state))),
      policies: unwanted.policies.filter(({ index }) => this.#suspects.has(`policy ${index}`)),
    };
    this.#suspects = suspects;
    const idle = await this.#findIdle(replaced, signal);
    await this.#remove({ ...certain, states: [...certain.states, ...idle] }, signal);
    return suspects.size > certain.states.length + certain.policies.length;
  }

  /** Everything of ours, when no daemon of ours runs any more. `isOwn`: it was not somebody else's. */
  async removeAll(isOwn: boolean, signal: AbortSignal): Promise<void> {
    const { commands } = this.#options;
    // A kernel without IPsec has nothing to show, and says so by an error.
    const kernel = await observeIpsec(commands, signal).catch(() => undefined);
    if (kernel !== undefined) await this.#remove(findLeft(kernel, NOTHING_KNOWN).unwanted, signal);
    if (isOwn) await removeEngineRouting(commands, signal);
  }

  async #findIdle(replaced: readonly KernelState[], signal: AbortSignal): Promise<KernelState[]> {
    if (replaced.length === 0) return [];
    const { commands, now } = this.#options;
    const packets = await observePackets(commands, signal);
    const before = this.#counts;
    this.#counts = new Map(
      replaced.map((state) => {
        const name = nameOfState(state);
        const last = before.get(name);
        const count = packets.get(name) ?? 0;
        return [name, last?.packets === count ? last : { packets: count, since: now() }];
      }),
    );
    return replaced.filter((state) => {
      const since = this.#counts.get(nameOfState(state))?.since ?? now();
      return now() - since >= IDLE_MILLISECONDS;
    });
  }

  async #remove(left: KernelIpsec, signal: AbortSignal): Promise<void> {
    const { commands, log } = this.#options;
    const { states, policies } = left;
    if (states.length + policies.length === 0) return;
    await removeIpsec(commands, left, signal);
    log.info(
      { sas: states.length, policies: policies.length },
      'removed what a killed IKE daemon had left in the kernel',
    );
  }
}

/** Of both directions. */
export function spisOf(sas: readonly IkeSa[]): ReadonlySet<string> {
  const children = sas.flatMap((sa) => sa.children);
  return new Set(children.flatMap(({ spiIn = '', spiOut = '' }) => [spiIn, spiOut]));
}

function knownOf(sas: readonly IkeSa[], plan: HostPlan): IpsecKnown {
  const children = sas.flatMap((sa) => sa.children);
  const planned = plan.tunnels
    .filter(({ enabled }) => enabled)
    .flatMap((tunnel) => tunnel.children.map((child) => reqidOf(tunnel, child)));
  return {
    spis: spisOf(sas),
    reqids: new Set(children.map(({ reqid }) => reqid)),
    installed: new Set(
      children.filter(({ state }) => state === 'INSTALLED').map(({ reqid }) => reqid),
    ),
    planned: new Set(planned),
  };
}
