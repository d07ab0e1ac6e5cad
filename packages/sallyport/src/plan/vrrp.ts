/** Virtual addresses of the gateways of one host, one virtual router for each gateway and family. */
import { canonicalAddress } from '../lib/canonical-address.ts';
import {
  containsAddress,
  FAMILIES,
  type Family,
  formatAddress,
  parseAddress,
  parseInterfaceAddress,
} from '../lib/prefix.ts';
import { type DeclaredObjects, objectKey } from '../model/declared-objects.ts';
import type { Gateway } from '../model/gateway.ts';
import { internalAddresses } from '../model/host.ts';
import type { TunnelPlan } from './host-plan.ts';
import type { VrrpPlan } from './vrrp-plan.ts';

/** Three of them without a word, and the next one takes over: about 0.35 s. */
const ADVERTISEMENT_MILLISECONDS = 100;

export function planVrrp(
  hostName: string,
  tunnels: readonly { readonly tunnel: TunnelPlan; readonly gateway: Gateway }[],
  objects: DeclaredObjects,
): VrrpPlan[] {
  return [...objects.gateways.values()]
    .flatMap((gateway) => {
      const carried = tunnels
        .filter((each) => each.gateway === gateway && each.tunnel.enabled)
        .map(({ tunnel }) => tunnel.name);
      return FAMILIES.flatMap(
        (family) => planRouter(gateway, family, { hostName, objects, carried }) ?? [],
      );
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function virtualRouterName({ metadata }: Gateway, family: Family): string {
  return `sp-${metadata.namespace}-${metadata.name}-v${family}`;
}

interface Context {
  readonly hostName: string;
  readonly objects: DeclaredObjects;
  /** Names of the tunnels of the gateway on this host. */
  readonly carried: readonly string[];
}

function planRouter(
  gateway: Gateway,
  family: Family,
  { hostName, objects, carried }: Context,
): VrrpPlan | undefined {
  const { metadata, spec } = gateway;
  const { virtual } = spec.availability;
  if (virtual === undefined || !spec.placement.hosts.includes(hostName)) return undefined;
  const wanted = virtual.addresses.flatMap((text) => parseInterfaceAddress(text) ?? []);
  const addresses = wanted.filter(({ address }) => address.family === family);
  /** Of a host on the LAN of the virtual addresses. */
  const onLan = (name: string): string[] => {
    const host = objects.hosts.get(objectKey(metadata.namespace, name));
    return (host === undefined ? [] : internalAddresses(host)).filter((text) => {
      const address = parseAddress(text);
      return (
        address !== undefined && addresses.some(({ subnet }) => containsAddress(subnet, address))
      );
    });
  };
  const [localAddress] = onLan(hostName);
  if (localAddress === undefined) return undefined;
  return {
    name: virtualRouterName(gateway, family),
    family,
    interface: virtual.interface,
    virtualRouterId: virtual.routerId,
    advertisementMilliseconds: ADVERTISEMENT_MILLISECONDS,
    localAddress: canonicalAddress(localAddress),
    peers: spec.placement.hosts
      .filter((name) => name !== hostName)
      .flatMap((name) => onLan(name)[0] ?? [])
      .map(canonicalAddress)
      .sort(),
    virtualAddresses: addresses
      .map(({ address, subnet }) => `${formatAddress(address)}/${subnet.length}`)
      .sort(),
    tunnels: [...carried].sort(),
  };
}
