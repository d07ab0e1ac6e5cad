/** What a daemon holds after each step, where everything succeeds. */
import { leaf } from '../../../model/testing.ts';
import { sharedIdOf } from '../render.ts';
import { NO_ORIGINS } from '../sas/origins.ts';
import {
  type HeldCertificate,
  keyOf,
  type ObservedStrongswan,
  type StrongswanChange,
} from '../state.ts';
import { listed } from './list-conns.ts';

/** Of the worlds' tunnels with certificates. */
export const heldLeaf: HeldCertificate = {
  ...{ fingerprint: leaf.fingerprint, hasPrivateKey: true },
  facts: leaf,
};

export const emptyDaemon: ObservedStrongswan = {
  version: '5.9.8',
  life: 1,
  daemonSince: 'Nov 21 05:00:00 2026',
  connections: new Map(),
  shared: new Set(),
  keys: new Map(),
  certificates: new Map(),
  revocationLists: new Map(),
  sas: [],
  origins: NO_ORIGINS,
};

export function obey(held: ObservedStrongswan, { step }: StrongswanChange): ObservedStrongswan {
  switch (step.type) {
    case 'shared-load':
      return { ...held, shared: new Set([...held.shared, sharedIdOf(step.tunnel)]) };
    case 'shared-unload':
      return { ...held, shared: new Set([...held.shared].filter((id) => id !== step.id)) };
    case 'certificate-load':
      return {
        ...held,
        keys: new Map([...held.keys, [keyOf(step.use), '0011']]),
        certificates: new Map([...held.certificates, [heldLeaf.fingerprint, heldLeaf]]),
      };
    case 'list-load':
      return {
        ...held,
        revocationLists: new Map([...held.revocationLists, [step.list.fingerprint, new Map()]]),
      };
    case 'key-unload':
      return { ...held, keys: without(held.keys, step.key) };
    case 'connection-load': {
      const { name } = step.tunnel;
      const connections = new Map([...held.connections, [name, listed(step.tunnel)]]);
      return { ...held, connections };
    }
    case 'connection-unload':
      return endSas({ ...held, connections: without(held.connections, step.name) }, step.ikeIds);
    case 'ike-terminate':
      return endSas(held, step.ikeIds);
  }
}

function without<V>(map: ReadonlyMap<string, V>, key: string): Map<string, V> {
  return new Map([...map].filter(([name]) => name !== key));
}

function endSas(held: ObservedStrongswan, ikeIds: readonly string[]): ObservedStrongswan {
  return { ...held, sas: held.sas.filter(({ uniqueId }) => !ikeIds.includes(uniqueId)) };
}
