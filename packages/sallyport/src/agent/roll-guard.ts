/** Keeps packets of a peer from being lost while one of its tunnels is exchanged; see `InboundHold`. */

import type { IkeSa } from '@sallyport/vici';
import type { InboundHold } from '../drivers/kernel/inbound-hold.ts';
import { messageOf } from '../lib/message-of.ts';
import type { Log } from './log.ts';

export interface RollGuardOptions {
  readonly hold: Pick<InboundHold, 'place' | 'cleanUp'>;
  readonly log: Log;
}

export class RollGuard {
  readonly #options: RollGuardOptions;
  readonly #releases = new Map<string, () => Promise<void>>();
  #hasFailed = false;

  constructor(options: RollGuardOptions) {
    this.#options = options;
  }

  /** Before the new SA is initiated. `sas`: all that stand, whose packets go on as they are. */
  async place(tunnel: string, sas: readonly IkeSa[], signal: AbortSignal): Promise<void> {
    const old = sas.find((sa) => sa.name === tunnel);
    if (this.#releases.has(tunnel) || old === undefined) return;
    const { localHost: localAddress, remoteHost: remoteAddress } = old;
    const spis = sas
      .filter((sa) => sa.remoteHost === remoteAddress)
      .flatMap((sa) => sa.children.flatMap(({ spiIn }) => (spiIn === undefined ? [] : [spiIn])));
    try {
      const peer = { localAddress, remoteAddress, spis };
      this.#releases.set(tunnel, await this.#options.hold.place(peer, signal));
    } catch (error) {
      // Said once: a kernel without these parts stays without them.
      if (!this.#hasFailed) {
        this.#options.log.info(
          { error: messageOf(error) },
          'a changed tunnel may lose a few packets',
        );
      }
      this.#hasFailed = true;
    }
  }

  /** Ends the holds of all other tunnels: their exchange is done, or has failed. */
  keepOnly(tunnels: ReadonlySet<string>): void {
    for (const [tunnel, release] of this.#releases) {
      if (tunnels.has(tunnel)) continue;
      this.#releases.delete(tunnel);
      release().catch((error: unknown) => {
        this.#options.log.warn({ tunnel, error: messageOf(error) }, 'packets may still be held');
      });
    }
  }

  /** Ends every hold, also those of an agent that was killed. */
  async cleanUp(signal: AbortSignal): Promise<void> {
    this.#releases.clear();
    await this.#options.hold.cleanUp(signal);
  }
}
