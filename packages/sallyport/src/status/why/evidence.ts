/** What was looked at on a host to explain one tunnel. Plain data; absent: it could not be looked at. */
import type { Family } from '../../lib/prefix.ts';

/** What the kernel answers when it is asked for the way of a packet. */
export type RouteAnswer =
  | {
      readonly kind: 'route';
      readonly interface: string;
      readonly table?: string;
      readonly gateway?: string;
      /** Learnt from ICMP, or set on the route; in bytes. */
      readonly mtuBytes?: number;
    }
  /** The kernel's words. */
  | { readonly kind: 'refused'; readonly error: string };

export interface RouteLookup {
  /** Remote prefix or target that `address` stands for. */
  readonly prefix: string;
  readonly address: string;
  /** Absent: a packet of the gateway itself. */
  readonly from?: { readonly address: string; readonly interface: string };
  readonly answer: RouteAnswer;
}

/** A rule that is looked at before ours. */
export interface ForeignRule {
  readonly family: Family;
  readonly priority: number;
  readonly table: string;
  /** Its selectors, such as `from 10.1.0.0/24 iif lan`. */
  readonly selector: string;
}

export interface DeviceSettings {
  readonly name: string;
  /** IPv4: whether packets that come in here are passed on. */
  readonly forwards: boolean;
  /** RFC 3704: 0 no check, 1 strict, 2 loose; the greater of the interface's and that of `all`. */
  readonly reversePathFilter: number;
}

/** What a packet of this tunnel is on its way through the host. */
export type Flow =
  | 'forwarded out'
  | 'forwarded in'
  | 'begun by the other side'
  | 'outgoing IKE'
  | 'incoming IKE'
  | 'outgoing ESP'
  | 'incoming ESP';

/** Where a firewall that is not ours stops packets of the tunnel. */
export interface FirewallStop {
  readonly flow: Flow;
  /** `10.1.0.0/24 -> 10.2.0.0/24`. */
  readonly packet: string;
  /** `table inet filter, chain forward, rule with handle 12`. */
  readonly place: string;
  readonly action: 'drop' | 'translate';
  /** false: whether the rule matches depends on more than is known of the packet. */
  readonly isCertain: boolean;
  /** Packets counted by the rule; absent where it has no counter. */
  readonly counted?: { readonly before: number; readonly after: number };
}

/** Counters of /proc/net/xfrm_stat, by name. */
export type XfrmStatistics = ReadonlyMap<string, number>;

export interface XfrmSamples {
  readonly before: XfrmStatistics;
  readonly after: XfrmStatistics;
}

export interface Ping {
  /** Of the IP packet. */
  readonly bytes: number;
  readonly sent: number;
  readonly received: number;
  /** What fits, as this host or one on the way has said instead. */
  readonly refusedAbove?: number;
}

export interface Probe {
  readonly target: string;
  readonly source: string;
  /** Sizes in ascending order: a small one, and the tunnel's MTU; more where only the small one passed. */
  readonly pings: readonly Ping[];
  /** One byte more than the MTU; absent: not tried. */
  readonly above?: Ping;
}

/** What one network namespace does to packets that come in. */
export interface Arrivals {
  /** Where packets of our networks and of the other side come in. */
  readonly devices: readonly DeviceSettings[];
  /** `IPReversePathFilter` of /proc/net/netstat: of the whole namespace. */
  readonly reversePathDrops?: { readonly before: number; readonly after: number };
}

export interface Evidence extends Arrivals {
  /** Where ESP comes in, for a tunnel of a shard: its namespace; absent: as everything else. */
  readonly outside?: Arrivals;
  readonly routes: readonly RouteLookup[];
  /** The way to the other side's address. */
  readonly peerRoute?: RouteAnswer;
  /** Whether the kernel would take the other side's packets where they come in. */
  readonly peerReturn?: RouteLookup;
  readonly foreignRules: readonly ForeignRule[];
  readonly forwardsIpv6?: boolean;
  readonly stops?: readonly FirewallStop[];
  /** /proc/net/xfrm_stat: of the whole network namespace where the SAs are. */
  readonly xfrm?: XfrmSamples;
  /** `carrier_errors` of the tunnel's interface: no SA takes what was sent into it. */
  readonly refusedByPolicy?: { readonly before: number; readonly after: number };
  readonly probe?: Probe;
  /** What could not be looked at, and why. */
  readonly unseen: readonly string[];
}
