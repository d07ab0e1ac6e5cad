/** The kernel's part of a plan, and of what is there. */
import type {
  HostPlan,
  InterfacePlan,
  RoutePlan,
  RulePlan,
  SysctlPlan,
} from '../../plan/host-plan.ts';
import type { Change } from '../driver.ts';

/** `engine` tells whether there is a TUN device of charon's. */
export type KernelDesired = Pick<
  HostPlan,
  'interfaces' | 'routes' | 'rules' | 'sysctls' | 'firewall' | 'engine' | 'node'
>;

/** The kernel's part of a plan alone. */
export function kernelPart(desired: KernelDesired): KernelDesired {
  const { interfaces, routes, rules, sysctls, firewall, engine, node } = desired;
  const part = { interfaces, routes, rules, sysctls, firewall, engine };
  return node === undefined ? part : { ...part, node };
}

export const NOTHING_DESIRED: KernelDesired = {
  interfaces: [],
  routes: [],
  rules: [],
  sysctls: [],
  firewall: { guarded: [], peers: [], clamps: [] },
  engine: { name: 'strongswan', userspace: false },
};

export interface ObservedInterface {
  readonly name: string;
  /** `xfrm`, `vti`, `vti6`, `vxlan`. */
  readonly kind: string;
  readonly mtuBytes: number;
  readonly isUp: boolean;
  /** Empty where the link was made and the work then cut short. */
  readonly alias: string;
  readonly interfaceId?: number;
  /** Names of the network namespace it looks its SAs up in; absent: this one, empty: one without a name. */
  readonly shards?: readonly string[];
  readonly localAddress?: string;
  readonly remoteAddress?: string;
  /** Of a VXLAN device whose routes say where packets go. */
  readonly port?: number;
  /** Of such a device, too. */
  readonly ethernetAddress?: string;
  /** Its own addresses, as ip-address(8) writes them. */
  readonly addresses: readonly string[];
}

/** TUN device of charon's user-space ESP. Each charon makes one, which ends with it; its addresses are ours. */
export interface ObservedEngineDevice {
  /** Of the kernel: another one for each that is made. */
  readonly index: string;
  readonly isUp: boolean;
  readonly addresses: readonly string[];
}

/** What an interface of somebody else's reaches directly. */
export interface Subnet {
  readonly prefix: string;
  readonly interface: string;
}

/** A route of our protocol number, also if somebody has bent it into a shape that no plan has. */
export interface ObservedRoute {
  readonly prefix: string;
  readonly table: number;
  /** As `ip` calls it. */
  readonly type: string;
  readonly interface?: string;
  /** Id of the nexthop object that it goes by. */
  readonly nexthop?: number;
  readonly source?: string;
  /** Absent: the default of the family. */
  readonly metric?: number;
  /** What else it has that a plan never asks for, such as `via 192.0.2.1`. */
  readonly other?: string;
}

/** Only what carries our marks; sysctls are those the plan may want. */
export interface ObservedKernel {
  readonly interfaces: readonly ObservedInterface[];
  /** Names, also alternative ones, of every interface that is not ours. */
  readonly foreignInterfaces: ReadonlySet<string>;
  /** Absent: none is there. */
  readonly engineDevice?: ObservedEngineDevice;
  readonly subnets: readonly Subnet[];
  /** Names of the network namespaces that there are beside this one. */
  readonly networkNamespaces: ReadonlySet<string>;
  readonly routes: readonly ObservedRoute[];
  readonly rules: readonly RulePlan[];
  /** Ethernet address by `ADDRESS dev NAME`. */
  readonly neighbors: ReadonlyMap<string, string>;
  /** Nexthop objects by id, as ip-nexthop(8) writes them. */
  readonly nexthops: ReadonlyMap<number, string>;
  /** false: the kernel has refused one (they came with Linux 5.13). */
  readonly hasResilientGroups: boolean;
  /** Value by slash-separated key; absent: no such file. */
  readonly sysctls: ReadonlyMap<string, string>;
  /** Canonical text of our nftables table; absent: there is none. */
  readonly firewall?: string;
}

export type KernelStep =
  | { readonly type: 'sysctl'; readonly sysctl: SysctlPlan }
  | { readonly type: 'interface-add'; readonly interface: InterfacePlan }
  | {
      readonly type: 'interface-set';
      readonly interface: InterfacePlan;
      /** Addresses that it has, and shall not. */
      readonly surplus: readonly string[];
    }
  | { readonly type: 'interface-delete'; readonly name: string }
  | {
      /** The TUN device of user-space ESP is to be up, with these addresses. */
      readonly type: 'device-set';
      readonly wanted: readonly string[];
      readonly surplus: readonly string[];
    }
  | { readonly type: 'firewall'; readonly script: string }
  | { readonly type: 'neighbor-replace'; readonly key: string; readonly ethernetAddress: string }
  | { readonly type: 'neighbor-delete'; readonly key: string }
  | { readonly type: 'nexthop-replace'; readonly id: number; readonly nexthop: string }
  | { readonly type: 'nexthop-delete'; readonly id: number }
  | { readonly type: 'route-replace'; readonly route: RoutePlan }
  | { readonly type: 'route-delete'; readonly route: ObservedRoute }
  | { readonly type: 'rule-add'; readonly rule: RulePlan }
  | { readonly type: 'rule-delete'; readonly rule: RulePlan }
  /** What cannot be done without touching what is not ours, an interface of that name: applying it only says so. */
  | { readonly type: 'refuse'; readonly name: string; readonly reason: string };

export interface KernelChange extends Change {
  readonly driver: 'kernel';
  readonly step: KernelStep;
}
