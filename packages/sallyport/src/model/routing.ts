/** How the networks of the remote site are known: declared, or told by BGP. */
import { z } from 'zod';
import { Asn, Cidr, Name } from './fields.ts';

export interface BfdSpec {
  readonly intervalMilliseconds: number;
  readonly multiplier: number;
}

export interface BgpRouting {
  /** Of the other side. */
  readonly asn: number;
  /** Networks of the remote site: these, and what lies inside them, may the other side announce. */
  readonly accept: readonly string[];
  /** Longest prefix that is taken, unless it stands in `accept` itself. */
  readonly longestPrefix: { readonly ipv4: number; readonly ipv6: number };
  /** Absent: the networks of the gateway. */
  readonly advertise?: readonly string[];
  /** What other connections have told us is told to this one, too. */
  readonly transit: boolean;
  /** More than these in a family end the session for some minutes. */
  readonly maximumPrefixes: number;
  /** Absent: those of the provider. */
  readonly timers?: { readonly keepaliveSeconds: number; readonly holdSeconds: number };
  /** Absent: that of the provider. */
  readonly bfd?: 'off' | BfdSpec;
  /** Packets of the session must come with TTL 255 (RFC 5082). Absent: as the provider does. */
  readonly ttlSecurity?: boolean;
  /** A Secret with `psk`: TCP MD5 signature (RFC 2385). */
  readonly password?: string;
  /** Where the other side has no BFD, and so sends to a gateway that died until its hold time is over. */
  readonly onGatewayLoss: OnGatewayLoss;
}

/**
 * `wait`: for the hold time. `more-specifics`: the gateways that live announce the halves of each network as well,
 * which go before what the dead one has announced.
 */
export const ON_GATEWAY_LOSS = ['wait', 'more-specifics'] as const;
export type OnGatewayLoss = (typeof ON_GATEWAY_LOSS)[number];

/** Exactly one of the members is present. */
export interface RoutingSpec {
  readonly static?: { readonly networks: readonly string[] };
  readonly bgp?: BgpRouting;
}

const Bgp: z.ZodType<BgpRouting> = z.strictObject({
  asn: Asn.describe('autonomous system of the other side'),
  accept: z
    .array(Cidr)
    .min(1)
    .max(256)
    .describe(
      'networks of the remote site: only these, and what lies inside them, are taken from the other side',
    ),
  longestPrefix: z
    .strictObject({
      ipv4: z.int().min(1).max(32).default(28),
      ipv6: z.int().min(1).max(128).default(64),
    })
    .prefault({})
    .describe('longest prefix that is taken, unless it stands in accept itself'),
  advertise: z
    .array(Cidr)
    .min(1)
    .max(256)
    .exactOptional()
    .describe('what the other side is told; absent: the networks of the gateway'),
  transit: z
    .boolean()
    .default(false)
    .describe('tell the other side also what other connections have told us'),
  maximumPrefixes: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1_000)
    .describe('more than these in an address family end the session for some minutes'),
  timers: z
    .strictObject({
      keepaliveSeconds: z.int().min(1).max(21_845),
      holdSeconds: z.int().min(3).max(65_535),
    })
    .exactOptional()
    .describe('absent: those of the provider'),
  bfd: z
    .union([
      z.literal('off'),
      z.strictObject({
        intervalMilliseconds: z.int().min(50).max(60_000).default(300),
        multiplier: z.int().min(2).max(255).default(3),
      }),
    ])
    .exactOptional()
    .describe('absent: that of the provider'),
  ttlSecurity: z
    .boolean()
    .exactOptional()
    .describe('packets of the session must come with TTL 255; absent: as the provider does'),
  password: Name.exactOptional().describe(
    'a Secret with psk: TCP MD5 signature, where the other side wants it',
  ),
  onGatewayLoss: z
    .enum(ON_GATEWAY_LOSS)
    .default('wait')
    .describe(
      'where the other side has no BFD: wait for its hold time, or let the gateways that live announce the halves of each network as well, if it takes three times as many prefixes',
    ),
});

export const RoutingSpec: z.ZodType<RoutingSpec> = z
  .strictObject({
    static: z
      .strictObject({ networks: z.array(Cidr).min(1).max(256) })
      .exactOptional()
      .describe('the networks of the remote site'),
    bgp: Bgp.exactOptional().describe('the other side tells its networks inside the tunnels'),
  })
  .describe('exactly one of static, bgp');

/** Networks of the remote site, by the field that has them. */
export function remoteNetworks({ static: declared, bgp }: RoutingSpec): {
  readonly field: readonly string[];
  readonly networks: readonly string[];
} {
  return bgp === undefined
    ? { field: ['static', 'networks'], networks: declared?.networks ?? [] }
    : { field: ['bgp', 'accept'], networks: bgp.accept };
}
