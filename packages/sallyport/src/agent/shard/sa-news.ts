/**
 * Which SAs may be different from how they were found last. The daemon tells of every SA that comes, moves, is
 * rekeyed or goes, so between two full looks only those are asked for, by the names of their connections;
 * counters of the others are those of the last full look.
 */
import type { IkeSa, SaEvent } from '@sallyport/vici';
import { Lineage } from '../../drivers/strongswan/sas/lineage.ts';
import type { Names } from '../../drivers/strongswan/state.ts';

export class SaNews {
  readonly lineage: Lineage = new Lineage();
  #names: Set<string> | 'all' = 'all';
  #isDeaf = false;

  /** Something was told of an SA of this tunnel, or was done to it. */
  note(tunnel: string): void {
    if (this.#names !== 'all') this.#names.add(tunnel);
  }

  noteEvent(event: SaEvent): void {
    this.lineage.noteEvent(event);
    if (event.type === 'ike-rekey') this.note(event.new.name);
    else if ('sa' in event) this.note(event.sa.name);
    else this.noteAll();
  }

  /** The daemon has been started anew. */
  beginLife(): void {
    this.lineage.clear();
    this.noteAll();
  }

  /** Something was told of nobody knows which, or was missed. */
  noteAll(): void {
    this.#names = 'all';
  }

  /** Nothing is told any more: any SA may be different at any time. */
  deafen(): void {
    this.#isDeaf = true;
    this.noteAll();
  }

  /** All until now; what is told from now on is for the next look. */
  take(): Names {
    const names = this.#names;
    this.#names = this.#isDeaf ? 'all' : new Set();
    return names;
  }

  /** What was found is on its way to something else, of which no word may come. */
  noteUnsettled(sas: readonly IkeSa[]): void {
    for (const { name, state, children } of sas) {
      const isSettled =
        state === 'ESTABLISHED' && children.every((child) => child.state === 'INSTALLED');
      if (!isSettled) this.note(name);
    }
  }
}
