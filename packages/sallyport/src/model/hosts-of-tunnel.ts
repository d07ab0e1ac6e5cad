/** Which hosts of a gateway may have a tunnel. */
import { canonicalAddress } from '../lib/canonical-address.ts';
import { type Gateway, virtualAddresses } from './gateway.ts';
import type { Tunnel } from './tunnel.ts';

/** Then the tunnel is with whoever holds the address. */
export function isOnVirtualAddress(gateway: Gateway, { local }: Tunnel): boolean {
  const { address } = local;
  return address !== undefined && virtualAddresses(gateway).includes(canonicalAddress(address));
}

/** Names; several: one of them at a time. None where that is not clear, which validation refuses. */
export function hostsOfTunnel(gateway: Gateway, tunnel: Tunnel): readonly string[] {
  const hosts = [...new Set(gateway.spec.placement.hosts)];
  if (isOnVirtualAddress(gateway, tunnel)) return hosts;
  if (tunnel.host !== undefined) return hosts.filter((host) => host === tunnel.host);
  return hosts.length === 1 ? hosts : [];
}
