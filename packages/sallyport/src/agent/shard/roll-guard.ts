/**
 * Keeps packets of a peer from being lost while one of its tunnels is exchanged, or brought up beside SAs that a daemon
 * before has left in the kernel; see `InboundHold`.
 */
import type { IkeSa } from '@sallyport/vici';
import type { InboundHold } from '../../drivers/kernel/inbound-hold.ts';
import type { KernelState } from '../../drivers/kernel/sas/parse-states.ts';
import { messageOf } from '../../lib/message-of.ts';
import { familyOf } from '../../lib/prefix.ts';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import type { Log } from '../log.ts';

/** Of the tunnel as it is planned; an address may be left open, or be a name. */
interface TunnelEnds extends Pick<TunnelPlan, 'name' | 'localAddress' | 'remoteAddress'> {
  /** Of its SAs in the kernel. */
  readonly reqids: ReadonlySet<number>;
}

/** SAs whose packets go on as they are. */
export interface Standing {
  /** All that the daemon tells of. */
  readonly sas: readonly IkeSa[];
  /** All of ours in the kernel that it knows nothing of: those of a daemon before. */
  readonly left: readonly KernelState[];
}

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

  /** Before the new SA is initiated. */
  async place(ends: TunnelEnds, { sas, left }: Standing, signal: AbortSignal): Promise<void> {
    const { name: tunnel, localAddress: ours = '', remoteAddress: theirs = '' } = ends;
    const old = sas.find((sa) => sa.name === tunnel) ?? leftEnds(ends, left);
    if (this.#releases.has(tunnel) || old === undefined) return;
    // Where an address is what changes, packets of the new SA come from and to the new one.
    const localAddress = familyOf(ours) === undefined ? old.localHost : ours;
    const remoteAddress = familyOf(theirs) === undefined ? old.remoteHost : theirs;
    const spis = [
      ...sas
        .filter((sa) => sa.remoteHost === remoteAddress)
        .flatMap((sa) => sa.children.flatMap(({ spiIn }) => spiIn ?? [])),
      ...left.filter(({ source }) => source === remoteAddress).map(({ spi }) => spi),
    ];
    try {
      const peer = { localAddress, remoteAddress, spis };
      this.#releases.set(tunnel, await this.#options.hold.place(peer, signal));
    } catch (error) {
      // Said once: a kernel without these parts stays without them.
      if (!this.#hasFailed) {
        this.#options.log.info(
          { error: messageOf(error) },
          'a tunnel that is exchanged or comes back may lose a few packets',
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

/** Undefined where nothing of the tunnel is left, or the plan names neither address. */
function leftEnds(
  { reqids, localAddress, remoteAddress }: TunnelEnds,
  left: readonly KernelState[],
): Pick<IkeSa, 'localHost' | 'remoteHost'> | undefined {
  const inbound = left.find(
    ({ reqid, source, destination }) =>
      reqids.has(reqid) && (destination === localAddress || source === remoteAddress),
  );
  return inbound && { localHost: inbound.destination, remoteHost: inbound.source };
}
