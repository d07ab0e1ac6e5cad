/** Valid declarations at random: two tenants on one host, any number of connections of every kind. */
import fc from 'fast-check';
import { NO_FACTS } from '../../model/facts.ts';
import { DATA_PLANES } from '../../model/gateway.ts';
import type { DeclaredObject } from '../../model/objects.ts';
import { parseYaml } from '../../model/parse-yaml.ts';
import { validateObjects } from '../../model/validate.ts';
import { HOST } from './plan-world.ts';

type Spec = Readonly<Record<string, unknown>>;

export interface RandomConnection {
  readonly namespace: string;
  readonly name: string;
  readonly networks: readonly string[];
  readonly tunnels: readonly Spec[];
  /** Without networks and tunnels. */
  readonly spec: Spec;
}

export interface RandomWorld {
  /** Gateway of each tenant. */
  readonly gateways: Readonly<Record<string, Spec>>;
  readonly connections: readonly RandomConnection[];
}

/** Outer addresses of the shards, by name: of the same families as the host's own. */
export const SHARDS: Readonly<Record<string, readonly string[]>> = {
  ike2: ['192.0.2.20', '2001:db8:2::20'],
  ike3: ['192.0.2.30', '2001:db8:3::30'],
};

const TENANTS = ['blue', 'green'] as const;

const KERNEL_PLANES = DATA_PLANES.filter((plane) => plane !== 'userspace');

/** A peer with fixed addresses, by name, or calling from anywhere: then only it can begin. */
const peer = fc.constantFrom('ipv4', 'ipv6', 'name', 'any');

/** Where a tunnel ends: at the host itself, or in a shard that its local address belongs to. */
const place = fc.constantFrom(undefined, ...Object.keys(SHARDS));

const connection = fc.record({
  tenant: fc.constantFrom(...TENANTS),
  peers: fc.array(peer, { minLength: 1, maxLength: 3 }),
  shard: place,
  inner: fc.subarray([4, 6], { minLength: 1 }),
  isPeerInside: fc.boolean(),
  start: fc.constantFrom('initiate', 'trap', 'respond'),
  auth: fc.constantFrom(
    { psk: { secret: 'key' } },
    { certificate: { secret: 'own', peerAuthority: 'ca' } },
  ),
  spec: fc.record({
    selectors: fc.constantFrom('per-family', 'per-pair'),
    encapsulation: fc.constantFrom('auto', 'always'),
    adminState: fc.constantFrom('enabled', 'disabled'),
    crypto: fc.constantFrom('default', 'cnsa', 'aws'),
    liveness: fc.constantFrom({ delaySeconds: 0 }, { delaySeconds: 30 }),
  }),
});

type Draft = typeof connection extends fc.Arbitrary<infer T> ? T : never;

/** All in user space, or none: one daemon cannot do both. */
const planes = fc.oneof(
  fc.constant(TENANTS.map(() => 'userspace')),
  fc.tuple(...TENANTS.map(() => fc.constantFrom('auto', ...KERNEL_PLANES))),
);

const gateway = fc.record({ leakGuard: fc.boolean(), mtu: fc.constantFrom('auto', 1300) });

export const worlds: fc.Arbitrary<RandomWorld> = fc
  .tuple(planes, fc.tuple(gateway, gateway), fc.array(connection, { maxLength: 5 }))
  .map(([dataPlanes, gateways, drafts]) => {
    const planeOf = (index: number): string => dataPlanes[index] ?? 'auto';
    return {
      gateways: Object.fromEntries(
        TENANTS.map((tenant, index) => [tenant, { ...gateways[index], dataPlane: planeOf(index) }]),
      ),
      connections: drafts.map((draft, index) =>
        finish(draft, index, planeOf(TENANTS.indexOf(draft.tenant))),
      ),
    };
  });

/** Numbers make names, addresses and networks differ between connections. */
function finish(draft: Draft, index: number, dataPlane: string): RandomConnection {
  // A VTI needs both addresses, and libipsec cannot wait for a packet.
  const peers = draft.peers.map((kind) => (dataPlane === 'vti' && kind === 'any' ? 'ipv4' : kind));
  const fixed = peers.map((kind) => (dataPlane === 'vti' && kind === 'name' ? 'ipv6' : kind));
  const start = dataPlane === 'userspace' && draft.start === 'trap' ? 'initiate' : draft.start;
  const networks = draft.inner.map((family) => {
    if (family === 6) return `fd${20 + index}::/48`;
    return draft.isPeerInside ? `198.51.${20 + index}.0/24` : `10.${20 + index}.0.0/16`;
  });
  return {
    namespace: draft.tenant,
    name: `partner-${index}`,
    networks,
    tunnels: fixed.map((kind, position) => ({
      name: `t${position}`,
      remote: { id: `peer-${index}-${position}.example`, ...addressOf(kind, index, position) },
      local: { id: 'gw.example', ...localOf(kind, shardFor(draft.shard, dataPlane)) },
    })),
    spec: {
      ...draft.spec,
      auth: draft.auth,
      start: fixed.includes('any') ? 'respond' : start,
      gateway: 'edge',
    },
  };
}

/** The data plane that a gateway pins decides whether its tunnels can end in a shard. */
function shardFor(shard: string | undefined, dataPlane: string): string | undefined {
  return dataPlane === 'auto' || dataPlane === 'xfrm-interface' ? shard : undefined;
}

function localOf(kind: string, shard: string | undefined): { readonly address?: string } {
  const address = SHARDS[shard ?? '']?.[kind === 'ipv6' ? 1 : 0];
  return address === undefined ? {} : { address };
}

function addressOf(kind: string, index: number, position: number): { readonly address?: string } {
  switch (kind) {
    case 'ipv4':
      return { address: `198.51.${20 + index}.${10 + position}` };
    case 'ipv6':
      return { address: `2001:db8:b:${index}::${10 + position}` };
    case 'name':
      return { address: `gw-${index}-${position}.example` };
    default:
      return {};
  }
}

/** Throws where the world is not valid: then the generator is wrong. */
export function objectsOf({ gateways, connections }: RandomWorld): DeclaredObject[] {
  const text = [
    ...TENANTS.flatMap((tenant, index) => [
      object('Host', tenant, HOST, {
        addresses: ['192.0.2.10', '2001:db8:1::10', `10.${10 + index}.0.1`],
        capabilities: { dataPlanes: DATA_PLANES },
        shards: Object.entries(SHARDS).map(([name, addresses]) => ({ name, addresses })),
      }),
      object('Gateway', tenant, 'edge', {
        ...gateways[tenant],
        placement: { hosts: [HOST] },
        networks: [`10.${10 + index}.0.0/16`, `fd${10 + index}::/48`],
      }),
      object('Secret', tenant, 'key', { psk: { file: 'key' } }),
      object('Secret', tenant, 'own', { pem: { certificate: 'own.pem', key: 'own.key' } }),
      object('Secret', tenant, 'ca', { authority: { files: ['ca.pem'] } }),
    ]),
    ...connections.map(({ namespace, name, networks, tunnels, spec }) =>
      object('Connection', namespace, name, {
        ...spec,
        tunnels,
        routing: { static: { networks } },
      }),
    ),
  ].join('\n---\n');
  const { objects, rejected, problems } = parseYaml([{ file: 'random.yaml', text }]);
  const validated = validateObjects(objects, NO_FACTS, { rejected });
  const errors = [...problems, ...validated.problems].filter(
    ({ severity }) => severity === 'error',
  );
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return objects.map(({ object: parsed }) => parsed);
}

/** YAML takes JSON as it is. */
function object(kind: string, namespace: string, name: string, spec: unknown): string {
  const apiVersion = 'sallyport.dev/v1alpha1';
  return JSON.stringify({ apiVersion, kind, metadata: { namespace, name }, spec });
}
