/** Neighbours and nexthop objects: hops before the groups that have them, and the other way round. */
import { byKey } from '../../lib/by-key.ts';
import { type ChangeText, toChange } from './change.ts';
import type { AddAndRemove } from './diff-routes.ts';
import type { NodeState } from './node-state.ts';
import type { KernelChange, ObservedKernel } from './state.ts';

export function diffNexthops(
  observed: Pick<ObservedKernel, 'neighbors' | 'nexthops'>,
  wanted: NodeState,
): AddAndRemove {
  const neighbors = diffMaps(observed.neighbors, wanted.neighbors, neighborChange);
  const nexthops = diffMaps(observed.nexthops, wanted.nexthops, nexthopChange);
  return {
    add: [...[...wanted.unreached].map(refusal), ...neighbors.add, ...nexthops.add],
    remove: [...nexthops.remove, ...neighbors.remove],
  };
}

function refusal(address: string): KernelChange {
  const reason = `no interface reaches ${address} directly`;
  return toChange(
    { type: 'refuse', name: address, reason },
    { action: 'add', subject: `nexthop via ${address}`, detail: reason },
  );
}

type Describe<K, V> = (key: K, after: V | undefined, before: V | undefined) => KernelChange;

/** In the order of the keys, removals in the reverse one. */
function diffMaps<K extends string | number, V>(
  observed: ReadonlyMap<K, V>,
  wanted: ReadonlyMap<K, V>,
  describe: Describe<K, V>,
): AddAndRemove {
  return {
    add: byKey(wanted)
      .filter(([key, value]) => observed.get(key) !== value)
      .map(([key, value]) => describe(key, value, observed.get(key))),
    remove: byKey(observed)
      .filter(([key]) => !wanted.has(key))
      .map(([key, value]) => describe(key, undefined, value))
      .reverse(),
  };
}

const neighborChange: Describe<string, string> = (key, after, before) => {
  const subject = `neighbor ${key} lladdr ${after ?? before ?? ''}`;
  return after === undefined
    ? toChange({ type: 'neighbor-delete', key }, { action: 'remove', subject, impact: 'cut' })
    : toChange(
        { type: 'neighbor-replace', key, ethernetAddress: after },
        replacement(subject, before),
      );
};

const nexthopChange: Describe<number, string> = (id, after, before) => {
  const subject = `nexthop ${id} ${after ?? before ?? ''}`;
  return after === undefined
    ? toChange({ type: 'nexthop-delete', id }, { action: 'remove', subject, impact: 'cut' })
    : toChange({ type: 'nexthop-replace', id, nexthop: after }, replacement(subject, before));
};

function replacement(subject: string, before: string | undefined): ChangeText {
  return before === undefined
    ? { action: 'add', subject }
    : { action: 'replace', subject, detail: `was ${before}` };
}
