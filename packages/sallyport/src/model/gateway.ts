/** `Gateway`: where our tunnels end. */
import { z } from 'zod';
import { canonicalAddress } from '../lib/canonical-address.ts';
import { Availability } from './availability.ts';
import { Asn, Cidr, Name, type ObjectOf, objectSchema } from './fields.ts';
import { GatewayNodes } from './gateway-nodes.ts';

/** How encrypted packets find their SA, best first; the order in which `auto` chooses. */
export const DATA_PLANES = ['xfrm-interface', 'vti', 'policy', 'userspace'] as const;
export type DataPlane = (typeof DATA_PLANES)[number];

export interface GatewaySpec {
  /** Which hosts carry the tunnels. */
  readonly placement: { readonly hosts: readonly string[] };
  readonly engine: 'strongswan';
  /** What lies behind us: prefixes offered to every remote site. */
  readonly networks: readonly string[];
  readonly dataPlane: 'auto' | DataPlane;
  /** Inner MTU in bytes; `auto`: from cipher, encapsulation and underlay. */
  readonly mtu: 'auto' | number;
  /** Drop traffic for remote networks that would leave, or arrives, unencrypted. */
  readonly leakGuard: boolean;
  /** Absent: no BGP. */
  readonly bgp?: GatewayBgp;
  readonly availability: Availability;
  /** Absent: hosts of role `node` reach the gateway without encapsulation. */
  readonly nodes?: GatewayNodes;
}

export interface GatewayBgp {
  /** Of the cluster. */
  readonly asn: number;
  /** Networks from which hosts call their gateways that are not declared; absent: none does. */
  readonly nodeRanges?: readonly string[];
}

export const GatewaySpec: z.ZodType<GatewaySpec> = z.strictObject({
  placement: z
    .strictObject({ hosts: z.array(Name).min(1).max(16).describe('names of Host objects') })
    .describe('which hosts carry the tunnels'),
  engine: z.enum(['strongswan']).default('strongswan').describe('IKE daemon'),
  networks: z
    .array(Cidr)
    .min(1)
    .max(256)
    .describe('what lies behind us: prefixes offered to every remote site'),
  dataPlane: z
    .enum(['auto', ...DATA_PLANES])
    .default('auto')
    .describe('auto: the best the kernel can do; or pin one'),
  mtu: z
    .union([z.literal('auto'), z.int().min(576).max(9216)])
    .default('auto')
    .describe('inner MTU in bytes; auto computes it from cipher, encapsulation and underlay'),
  leakGuard: z
    .boolean()
    .default(true)
    .describe('drop traffic for remote networks that would leave, or arrives, unencrypted'),
  bgp: z
    .strictObject({
      asn: Asn.describe('autonomous system of the cluster'),
      nodeRanges: z
        .array(Cidr)
        .min(1)
        .max(16)
        .exactOptional()
        .describe(
          'networks from which hosts of the cluster speak BGP with their gateways that are not declared',
        ),
    })
    .exactOptional()
    .describe('BGP with the other sides and inside the cluster'),
  availability: Availability,
  nodes: GatewayNodes.exactOptional().describe('how it and hosts of role node reach each other'),
});

export type Gateway = ObjectOf<'Gateway', GatewaySpec>;
export const Gateway: z.ZodType<Gateway> = objectSchema('Gateway', GatewaySpec);

/** What its hosts hold in turn, without lengths, in canonical form. */
export function virtualAddresses({ spec }: Gateway): string[] {
  return (spec.availability.virtual?.addresses ?? []).map((text) =>
    canonicalAddress(text.split('/', 1)[0] ?? ''),
  );
}

/** Whether packets go between it and nodes inside of VXLAN; else they are next hops of each other. */
export function encapsulatesNodes({ spec }: Gateway): boolean {
  return (spec.nodes?.encapsulation ?? 'none') !== 'none';
}
