// Every field that can be changed has a mutation here, or a reason not to.

import { CHANGE_CLASSES } from '../../packages/sallyport/dist/model/change-classes.js';
import type { Mutation } from './mutation.ts';
import { NAMESPACE, WITHOUT_EFFECT } from './table/all-kinds.ts';
import { CONNECTION } from './table/connection.ts';
import { CRYPTO_POLICY } from './table/crypto.ts';
import { GATEWAY } from './table/gateway.ts';
import { HOST } from './table/host.ts';
import { PACKED, SECRET } from './table/secret.ts';

export const MUTATIONS: readonly Mutation[] = [
  WITHOUT_EFFECT,
  PACKED,
  ...GATEWAY,
  ...CONNECTION,
  ...CRYPTO_POLICY,
  ...SECRET,
  ...HOST,
  NAMESPACE,
];

/** Fields that have one value only today: with a second one they need a mutation. */
export const SINGLE_VALUED: readonly string[] = ['Gateway spec.engine', 'Connection spec.mode'];

/**
 * Fields of what this world has none of: daemons in other network namespaces, authorities of our own, other gateways,
 * nodes and neighbours that speak BGP. By case.
 */
export const TRIED_ELSEWHERE: Readonly<Record<string, string>> = {
  ...elsewhere('Gateway', 'spec.availability.', 'vrrp.lab.ts'),
  ...elsewhere('Gateway', 'spec.bgp.', 'frr.lab.ts'),
  ...elsewhere('Connection', 'spec.provider', 'frr.lab.ts'),
  ...elsewhere('Connection', 'spec.routing.bgp.', 'frr.lab.ts'),
  ...elsewhere('Connection', 'spec.tunnels[].priority', 'frr.lab.ts'),
  ...elsewhere('Connection', 'spec.tunnels[].inside', 'kernel.lab.ts'),
  ...elsewhere('Connection', 'spec.probes.', 'probes.lab.ts'),
  ...elsewhere('Gateway', 'spec.nodes.', 'nodes.lab.ts'),
  ...elsewhere('Host', 'spec.role', 'nodes.lab.ts'),
  ...elsewhere('Host', 'spec.networks', 'nodes.lab.ts'),
  ...elsewhere('Host', 'spec.weight', 'nodes.lab.ts'),
  ...elsewhere('Host', 'spec.internalAddresses', 'failover.lab.ts'),
  'Host spec.shards[].name': 'shards.lab.ts',
  'Host spec.shards[].addresses': 'shards.lab.ts',
  ...elsewhere('Secret', 'spec.issued.', 'rotation.lab.ts'),
  ...elsewhere('CertificateAuthority', '', 'rotation.lab.ts'),
};

/** All fields of a kind that begin so. */
function elsewhere(
  kind: keyof typeof CHANGE_CLASSES,
  beginning: string,
  lab: string,
): Readonly<Record<string, string>> {
  const fields = Object.keys(CHANGE_CLASSES[kind]).filter((field) => field.startsWith(beginning));
  return Object.fromEntries(fields.map((field) => [`${kind} ${field}`, lab]));
}
