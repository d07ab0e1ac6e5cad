// What a mutation is: a change of a field, and what proves that it took effect.

import { madeAnew, type Proof, presents } from './proofs.ts';
import { KEYS, type MutationWorld, type TunnelName } from './world.ts';

/** From the text of the declarations to another: each must be there exactly once. */
export type Change = readonly (readonly [from: string, to: string])[];

export type Proofs = readonly [original: Proof, changed: Proof];

export interface Mutation {
  /** As in `CHANGE_CLASSES`: `Gateway spec.mtu`. */
  readonly fields: readonly string[];
  /** What is done to them, for the table of results. */
  readonly what: string;
  /** Where traffic is counted. */
  readonly tunnel: Exclude<TunnelName, 'other'>;
  /** Done before, to old and new alike. */
  readonly given?: Change;
  readonly change: Change | ((text: string) => string);
  /** Of the original and of the changed declarations. */
  readonly proofs: Proofs;
  /** Of further fields: each alone must hold, and fail. */
  readonly more?: readonly Proofs[];
  /** What the other side does first, for the original and the changed declarations. */
  readonly peer?: (world: MutationWorld, isChanged: boolean) => Promise<void>;
  /** Connections that are deleted before the change, and before it is taken back. */
  readonly deletes?: readonly [before: readonly string[], back: readonly string[]];
  /** Nothing is written at all. */
  readonly isSilent?: true;
  /** Changes a policy of the peer's kernel, which drops what comes on the old SA: docs/adr/0009. */
  readonly altersPolicy?: true;
}

/** Lines of the gateway of the tunnels that are changed, and of no other. */
export const EDGE = 'hosts: [left]}\n  networks: [10.1.0.0/24]\n  dataPlane: auto';
/** The network of the tunnel by pre-shared key. */
export const NETWORK = '10.2.0.0/26';

/** The two proofs out of one, with the original and the changed value. */
export function both<V>(proof: (value: V) => Proof, original: V, changed: V): Proofs {
  return [proof(original), proof(changed)];
}

/** The IKE SA is another one each time. */
export const anew = (name: string): Proofs => [madeAnew(name), madeAnew(name)];

/** The one authority of theirs, then ours beside it. */
export function authorities(): Proofs {
  return [presents('own'), presents('own', ['O=Ours, CN=Ours CA', 'O=Theirs, CN=Theirs CA'])];
}

/** The other side takes the key of the declarations. */
export async function agree(world: MutationWorld, isChanged: boolean): Promise<void> {
  await world.agreeOn(isChanged ? KEYS.second : KEYS.first);
}

/** Throws where a text that is to be changed is not there exactly once. */
export function changed(text: string, change: Change): string {
  return change.reduce((before, [from, to]) => {
    if (before.split(from).length !== 2) throw new Error(`not there exactly once: ${from}`);
    return before.replace(from, () => to);
  }, text);
}
