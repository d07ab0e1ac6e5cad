// The kernel's part of a plan for the gateway of `gateway-network.ts`, by data plane.

import type { KernelDesired } from '../src/drivers/kernel/state.ts';
import { type InterfacePlan, OWNER } from '../src/plan/host-plan.ts';
import { type EspKind, OUTER, TUNNEL_ID } from './gateway-network.ts';

export const TUNNEL_NAME = 'sp0123abcd';
export const MSS_BYTES = 1240;
const ALIAS = 'sallyport default/partner-a/main';
const REMOTE = ['10.2.0.0/16', 'FD02:0::/16'] as const;

export function interfacePlan(
  kind: 'xfrm' | 'vti',
  id: number = TUNNEL_ID,
): Exclude<InterfacePlan, { readonly kind: 'vxlan' }> {
  const shared = {
    ...{ name: TUNNEL_NAME, interfaceId: id, mtuBytes: 1400, alias: ALIAS },
    addresses: [
      { local: '169.254.10.2/30' },
      { local: '10.9.0.4/32', peer: '10.9.0.5' },
      { local: 'FD09:0::1/126' },
    ],
  };
  return kind === 'xfrm'
    ? { kind, ...shared }
    : { kind, family: 4, ...shared, localAddress: OUTER.gateway, remoteAddress: OUTER.peer };
}

/** `none`: routes through an ordinary device, for kernels without ESP. */
export function kernelPlan(kind: EspKind | 'none'): KernelDesired {
  const interfaces = kind === 'xfrm' || kind === 'vti' ? [interfacePlan(kind)] : [];
  const device = kind === 'none' ? 'lan' : interfaces[0]?.name;
  return {
    engine: { name: 'strongswan', userspace: false },
    interfaces,
    routes: REMOTE.flatMap((prefix) => [
      ...(device === undefined
        ? []
        : [{ prefix, table: OWNER.tunnelTable, type: 'unicast', interface: device } as const]),
      // The routes of policies are charon's to make; by hand the main table leads to the peer.
      ...(kind === 'policy'
        ? []
        : [{ prefix, table: OWNER.guardTable, type: 'unreachable' } as const]),
    ]),
    rules: ([4, 6] as const).flatMap((family) =>
      [OWNER.tunnelTable, OWNER.guardTable].map((table) => ({ family, priority: table, table })),
    ),
    sysctls: [
      { key: 'net/ipv4/ip_forward', value: '1' },
      { key: 'net/ipv6/conf/all/forwarding', value: '1' },
      ...interfaces.flatMap(({ name }) => [
        ...(kind === 'vti' ? [{ key: `net/ipv4/conf/${name}/disable_policy`, value: '1' }] : []),
        { key: `net/ipv4/conf/${name}/rp_filter`, value: '2' },
      ]),
    ],
    firewall: {
      guarded: REMOTE.map((prefix) => ({
        prefix,
        by: kind === 'policy' ? 'policy' : 'interface',
      })),
      peers: [],
      clamps: REMOTE.map((prefix) => ({ prefix, mssBytes: MSS_BYTES })),
    },
  };
}
