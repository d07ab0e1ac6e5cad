/** FRR's configuration as far as it is ours, and the steps from one to another. */
import type { Family } from '../../lib/prefix.ts';
import type { BgpPlan } from '../../plan/bgp-plan.ts';
import type { SecretUse } from '../../plan/secret-reference.ts';
import type { Change } from '../driver.ts';

/** What each line of a block sets: `timers connect` -> `10`, `activate` -> ``. */
export type Settings = ReadonlyMap<string, string>;

export interface FrrConfig {
  /** BFD profiles by name, with the defaults that FRR does not print. */
  readonly profiles: ReadonlyMap<string, Settings>;
  /** Lines of bgpd outside of every block, of those that we use. */
  readonly general: Settings;
  /** Entries by list: `ip prefix-list sp-refuse` -> `permit 0.0.0.0/0`. In ours the order tells nothing. */
  readonly lists: ReadonlyMap<string, ReadonlySet<string>>;
  readonly routeMaps: ReadonlyMap<string, RouteMap>;
  /** Absent: no BGP. */
  readonly router?: RouterConfig;
  readonly zebra: ZebraConfig;
}

/** How zebra makes routes of what bgpd tells it. */
export interface ZebraConfig {
  readonly routeMaps: ReadonlyMap<string, RouteMap>;
  /** Route map of each family, as `ip protocol bgp route-map` -> `sp-from-10.20.0.11`. */
  readonly protocols: Settings;
}

/** Entries by sequence number. */
export type RouteMap = ReadonlyMap<number, RouteMapEntry>;

export interface RouteMapEntry {
  readonly action: 'permit' | 'deny';
  readonly settings: Settings;
}

export interface RouterConfig {
  readonly asn: string;
  readonly settings: Settings;
  readonly families: ReadonlyMap<Family, FamilyConfig>;
  /** Peer group by prefix. */
  readonly listenRanges: ReadonlyMap<string, string>;
  /** By address, or by name where it is a peer group. */
  readonly neighbors: ReadonlyMap<string, NeighborConfig>;
}

export interface FamilyConfig {
  readonly settings: Settings;
  /** By prefix: its route map, or nothing. */
  readonly networks: Settings;
}

export interface NeighborConfig {
  /** The password is told by the fingerprint of its secret. */
  readonly settings: Settings;
  readonly families: ReadonlyMap<Family, Settings>;
  /** Of a wanted one, where it has a password. */
  readonly password?: SecretUse;
}

export interface ObservedFrr {
  /** As FRR tells it: `8.4.4`. */
  readonly version: string;
  readonly config: FrrConfig;
  /** Of the host. */
  readonly addresses: ReadonlySet<string>;
}

export const NO_CONFIG: FrrConfig = {
  profiles: new Map(),
  general: new Map(),
  lists: new Map(),
  routeMaps: new Map(),
  zebra: { routeMaps: new Map(), protocols: new Map() },
};

/** A line that ends with a secret: neither in logs nor in errors. */
export interface SecretLine {
  readonly text: string;
  readonly secret: SecretUse;
}

export type VtyLine = string | SecretLine;

/** Daemons that are configured while they run. */
export type ConfiguredDaemon = 'bfdd' | 'bgpd' | 'zebra';

/** Typed into the configuration of one daemon, from its top. */
export interface FrrStep {
  readonly daemon: ConfiguredDaemon;
  readonly lines: readonly VtyLine[];
  /** Of prefix lists and route maps: many of them are one transaction. */
  readonly isPolicy?: true;
}

export interface FrrChange extends Change {
  readonly driver: 'frr';
  readonly step: FrrStep;
}

/** Absent plan: nothing of BGP. */
export interface FrrDesired {
  readonly bgp?: BgpPlan;
}
