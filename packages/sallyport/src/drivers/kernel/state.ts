/** The kernel's part of a plan, and of what is there. */
import type { Family } from '../../lib/prefix.ts';
import type {
  HostPlan,
  InterfacePlan,
  RoutePlan,
  RulePlan,
  SysctlPlan,
} from '../../plan/host-plan.ts';
import type { Change } from '../driver.ts';

export type KernelDesired = Pick<
  HostPlan,
  'interfaces' | 'routes' | 'rules' | 'sysctls' | 'firewall'
>;

export const NOTHING_DESIRED: KernelDesired = {
  interfaces: [],
  routes: [],
  rules: [],
  sysctls: [],
  firewall: { guarded: [], peers: [], clamps: [] },
};

export interface ObservedInterface {
  readonly name: string;
  /** `xfrm`, `vti`, `vti6`. */
  readonly kind: string;
  readonly mtuBytes: number;
  readonly isUp: boolean;
  readonly alias: string;
  readonly interfaceId?: number;
  readonly localAddress?: string;
  readonly remoteAddress?: string;
}

/** Only what carries our marks; sysctls are those the plan may want. */
export interface ObservedKernel {
  readonly interfaces: readonly ObservedInterface[];
  readonly routes: readonly RoutePlan[];
  readonly rules: readonly RulePlan[];
  /** Value by slash-separated key; absent: no such file. */
  readonly sysctls: ReadonlyMap<string, string>;
  /** Canonical text of our nftables table; absent: there is none. */
  readonly firewall?: string;
}

export type KernelStep =
  | { readonly type: 'sysctl'; readonly sysctl: SysctlPlan }
  | { readonly type: 'interface-add'; readonly interface: InterfacePlan }
  | { readonly type: 'interface-set'; readonly interface: InterfacePlan }
  | { readonly type: 'interface-delete'; readonly name: string }
  | { readonly type: 'firewall'; readonly script: string }
  | { readonly type: 'route-replace'; readonly route: RoutePlan }
  | { readonly type: 'route-delete'; readonly route: RoutePlan }
  | { readonly type: 'rule-add'; readonly rule: RulePlan }
  | { readonly type: 'rule-delete'; readonly rule: RulePlan };

export interface KernelChange extends Change {
  readonly driver: 'kernel';
  readonly step: KernelStep;
}

export const FAMILIES: readonly Family[] = [4, 6];
