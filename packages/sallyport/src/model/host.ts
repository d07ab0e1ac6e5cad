/** `Host`: a machine (or network namespace) that carries tunnels, or lies behind those that do. */
import { z } from 'zod';
import { Cidr, IpAddress, type ObjectOf, objectSchema } from './fields.ts';
import { DATA_PLANES, type DataPlane } from './gateway.ts';

/** What happens to a change that somebody else has made of what was in effect. */
export const DRIFT_POLICIES = ['repair', 'report'] as const;
export type DriftPolicy = (typeof DRIFT_POLICIES)[number];

/** `gateway`: can carry tunnels. `node`: sends to remote networks by the gateways of its namespace. */
const HOST_ROLES = ['gateway', 'node'] as const;
type HostRole = (typeof HOST_ROLES)[number];

/** A further IKE daemon of the host: UDP 500 and 4500 of a network namespace belong to one daemon. */
export interface HostShard {
  /** Of its network namespace, as `ip netns` has it: made by whoever runs the host, with addresses and routes. */
  readonly name: string;
  /** Outer addresses in that namespace, preferred first. */
  readonly addresses: readonly string[];
}

/** A file name of ip-netns(8) that can also be an instance of a systemd unit. */
const NetworkNamespace = z.string().regex(/^[0-9A-Za-z][-0-9A-Za-z_.]{0,62}$/, {
  error:
    'must be 1 to 63 letters, digits, hyphens, dots or underscores, and begin with a letter or digit',
});

export interface HostSpec {
  readonly role: HostRole;
  /** Outer addresses of the host's own network namespace, preferred first. */
  readonly addresses: readonly string[];
  /** Where other hosts of the cluster reach it, preferred first; absent: at `addresses`. */
  readonly internalAddresses?: readonly string[];
  /** What lies behind a node, such as its pods; absent: nothing that gateways have to be told of. */
  readonly networks?: readonly string[];
  /** Of a gateway: its share of the flows of nodes, beside the other gateways of a network; absent: 1. */
  readonly weight?: number;
  /** Absent: the host has one IKE daemon, in its own network namespace. */
  readonly shards?: readonly HostShard[];
  /** For planning without the host; the agent reports the truth. */
  readonly capabilities?: {
    readonly dataPlanes?: readonly DataPlane[];
    readonly underlayMtuBytes?: number;
  };
  readonly driftPolicy: DriftPolicy;
}

export const HostSpec: z.ZodType<HostSpec> = z.strictObject({
  role: z
    .enum(HOST_ROLES)
    .default('gateway')
    .describe(
      'gateway: can carry tunnels; node: sends to remote networks by the gateways of its namespace',
    ),
  addresses: z.array(IpAddress).min(1).max(64).describe('outer addresses, preferred first'),
  internalAddresses: z
    .array(IpAddress)
    .min(1)
    .max(64)
    .exactOptional()
    .describe('where other hosts of the cluster reach it, preferred first; absent: at addresses'),
  networks: z
    .array(Cidr)
    .min(1)
    .max(64)
    .exactOptional()
    .describe(
      'of a node: what lies behind it, such as its pods, where gateways do not know the way',
    ),
  weight: z
    .int()
    .min(1)
    .max(255)
    .exactOptional()
    .describe(
      'of a gateway: its share of the flows of nodes, beside the other gateways of a network; absent: 1',
    ),
  shards: z
    .array(
      z.strictObject({
        name: NetworkNamespace.describe(
          'name of the network namespace, as ip netns has it; it exists and has the addresses',
        ),
        addresses: z
          .array(IpAddress)
          .min(1)
          .max(64)
          .describe('outer addresses in that namespace, preferred first'),
      }),
    )
    .min(1)
    .max(16)
    .exactOptional()
    .describe(
      'further IKE daemons, one in each network namespace; a tunnel belongs to the daemon that has its local address',
    ),
  capabilities: z
    .strictObject({
      dataPlanes: z.array(z.enum(DATA_PLANES)).min(1).exactOptional(),
      underlayMtuBytes: z
        .int()
        .min(1_280)
        .max(9_216)
        .exactOptional()
        .describe('MTU towards the other sites'),
    })
    .exactOptional()
    .describe('what the host can do, for planning without it; the agent reports the truth'),
  driftPolicy: z
    .enum(DRIFT_POLICIES)
    .default('repair')
    .describe(
      'what somebody else has changed of what was in effect is put right, or only reported, the leak guard included, until the declarations change',
    ),
});

/** All outer addresses, in the order of preference: its own, then those of its shards. */
export function outerAddresses({ spec }: Host): readonly string[] {
  return [spec.addresses, ...(spec.shards ?? []).map((shard) => shard.addresses)].flat();
}

/** Where other hosts of the cluster reach it. */
export function internalAddresses({ spec }: Host): readonly string[] {
  return spec.internalAddresses ?? spec.addresses;
}

export type Host = ObjectOf<'Host', HostSpec>;
export const Host: z.ZodType<Host> = objectSchema('Host', HostSpec);
