/**
 * Watches the kernel of the network namespace that has a name. A name can be given anew: then the next
 * namespace is watched instead, and nothing of ours keeps the old one.
 */
import type { IpsecListener } from '../kernel-monitor.ts';

export interface NamespaceWatchOptions {
  /** Tells namespaces apart; undefined where none has the name. */
  readonly identify: () => Promise<string | undefined>;
  /** Listens in the one that has the name now, until the signal fires. */
  readonly watch: (listener: IpsecListener, signal: AbortSignal) => void;
}

export class NamespaceWatch {
  readonly #options: NamespaceWatchOptions;
  #follower: { readonly listener: IpsecListener; readonly signal: AbortSignal } | undefined;
  #watched: { readonly identity: string; readonly end: AbortController } | undefined;

  constructor(options: NamespaceWatchOptions) {
    this.#options = options;
  }

  /** Calls back until the signal fires, as soon as there is a namespace. */
  async follow(listener: IpsecListener, signal: AbortSignal): Promise<void> {
    this.#follower = { listener, signal };
    await this.renew();
  }

  /** Where the name is gone, what runs in the namespace that had it goes on, and the watch with it. */
  async renew(): Promise<void> {
    const follower = this.#follower;
    const identity = await this.#options.identify();
    if (follower === undefined || follower.signal.aborted) return;
    if (identity === undefined || identity === this.#watched?.identity) return;
    this.#watched?.end.abort();
    const end = new AbortController();
    this.#watched = { identity, end };
    this.#options.watch(follower.listener, AbortSignal.any([follower.signal, end.signal]));
  }
}
