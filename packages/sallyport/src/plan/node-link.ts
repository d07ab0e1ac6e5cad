/** How packets go between gateways and nodes: next hop by next hop on the LAN, or inside of VXLAN. */
import { canonicalAddress } from '../lib/canonical-address.ts';
import { once } from '../lib/once.ts';
import { type Family, familyOf } from '../lib/prefix.ts';
import type { Facts } from '../model/facts.ts';
import { type Host, internalAddresses } from '../model/host.ts';
import type { Cluster } from './cluster.ts';
import { type InterfacePlan, OWNER } from './host-plan.ts';
import { internalPairs } from './internal-pair.ts';
import { VXLAN_OVERHEAD } from './mtu.ts';
import type { EncapsulationPlan } from './node-plan.ts';
import { underlayMtuBytes } from './place-tunnels.ts';

export interface NodeLink {
  readonly encapsulation?: EncapsulationPlan;
  /** The device, where it is ours. */
  readonly interface?: InterfacePlan;
  /** Of what is carried, in bytes. */
  readonly mtuBytes: number;
  /** Next hops to another host of the cluster. Sorted. */
  readonly hopsTo: (other: Host) => string[];
}

/** UDP port and VNI of our own device. */
const VXLAN = { name: `${OWNER.interfacePrefix}nodes`, port: 8300, identity: 83 } as const;

export function planNodeLink(cluster: Cluster, host: Host, facts: Facts): NodeLink {
  const { encapsulation = 'none', device } = cluster.gateways[0]?.spec.nodes ?? {};
  const underlay = underlayMtuBytes(host, facts);
  if (encapsulation === 'none')
    return {
      mtuBytes: underlay,
      hopsTo: (other) => internalPairs(host, other).map(({ address }) => address),
    };
  const family = once(families, cluster, endpointFamily);
  const mtuBytes = underlay - VXLAN_OVERHEAD[family];
  const link = { mtuBytes, hopsTo: (other: Host) => addressIn(other, family) };
  if (device !== undefined) return { ...link, encapsulation: device };
  const { name, port, identity } = VXLAN;
  const [localAddress = ''] = addressIn(host, family);
  return {
    ...link,
    encapsulation: { interface: name, identity },
    interface: { kind: 'vxlan', name, port, localAddress, mtuBytes, alias: 'sallyport nodes' },
  };
}

const families = new WeakMap<Cluster, Family>();

/** Outside, the same one for all: a VXLAN device has one address. That there is one is validated. */
function endpointFamily({ gatewayHosts, nodes }: Cluster): Family {
  return [...gatewayHosts, ...nodes].every((host) => addressIn(host, 4).length > 0) ? 4 : 6;
}

/** Where other hosts of the cluster reach it; at most one. */
export function addressIn(host: Host, family: Family): string[] {
  return internalAddresses(host)
    .filter((address) => familyOf(address) === family)
    .slice(0, 1)
    .map(canonicalAddress);
}
