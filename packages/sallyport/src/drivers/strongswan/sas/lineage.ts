/**
 * Which SA has come from which by a rekey, as the daemon tells it at once: between two looks an IKE SA and all of its
 * Child SAs may be rekeyed, and then nothing that is found shows what they came from.
 */
import type { SaEvent } from '@sallyport/vici';
import type { SaOrigins } from '../state.ts';

export class Lineage {
  /** By unique id, that of the SA that it has replaced. */
  #ike = new Map<string, string>();
  #children = new Map<string, string>();

  noteEvent(event: SaEvent): void {
    if (event.type === 'ike-rekey') addHeir(this.#ike, event);
    else if (event.type === 'child-rekey') addHeir(this.#children, event);
  }

  /** Unique ids of the IKE SA itself and of those that it has come from, nearest first. */
  ofIke(uniqueId: string): string[] {
    return lineOf(uniqueId, this.#ike);
  }

  /** Unique ids of the Child SA itself and of those that it has come from, nearest first. */
  ofChild(uniqueId: string): string[] {
    return lineOf(uniqueId, this.#children);
  }

  /** Forgets what leads to none of these SAs. */
  keepOnly({ ike, children }: SaOrigins): void {
    this.#ike = leadingTo(ike, this.#ike);
    this.#children = leadingTo(children, this.#children);
  }

  /** In a new life the daemon counts anew. */
  clear(): void {
    this.keepOnly({ ike: new Map(), children: new Map() });
  }
}

interface Rekeyed {
  readonly old: { readonly uniqueId: string };
  readonly new: { readonly uniqueId: string };
}

/** The daemon counts up: anything else is no word to go by, and could lead round in a circle. */
function addHeir(predecessors: Map<string, string>, { old, new: heir }: Rekeyed): void {
  if (Number(old.uniqueId) < Number(heir.uniqueId)) predecessors.set(heir.uniqueId, old.uniqueId);
}

function lineOf(uniqueId: string, predecessors: ReadonlyMap<string, string>): string[] {
  const line = [uniqueId];
  for (let id = predecessors.get(uniqueId); id !== undefined; id = predecessors.get(id))
    line.push(id);
  return line;
}

function leadingTo(
  known: ReadonlyMap<string, unknown>,
  predecessors: ReadonlyMap<string, string>,
): Map<string, string> {
  return new Map(
    [...predecessors].filter(([id]) =>
      lineOf(id, predecessors)
        .slice(1)
        .some((ancestor) => known.has(ancestor)),
    ),
  );
}
