/** `HostReport`: what one host really runs, read back from daemon and kernel. Plain data. */
import type { Problem } from '../lib/problem.ts';
import type { CertificateSummary } from '../model/facts.ts';
import type { DataPlane } from '../model/gateway.ts';
import type { BgpReport } from './bgp-report.ts';
import type { ObjectStatus } from './conditions/condition.ts';
import type { DrainReport, DrillReport } from './drain-report.ts';
import type { HealthReport } from './health-report.ts';
import type { Scoped } from './scope.ts';
import type { VrrpReport } from './vrrp-report.ts';

/** Why a tunnel is not up, or will not stay so, in words a person can act on. Codes: `docs/reference/causes.md`. */
export interface Cause {
  /** Stable text such as `ike/no-common-proposal`. */
  readonly code: string;
  readonly message: string;
  /** What to compare with the other side, or what to do. */
  readonly hint: string;
  /** RFC 3339. */
  readonly at: string;
}

export interface Algorithms {
  readonly encryption: string;
  readonly keyBits?: number;
  readonly integrity?: string;
  readonly prf?: string;
  /** Absent for the first Child SA, which is keyed from the IKE SA. */
  readonly keyExchange?: string;
}

export interface Counters {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
}

export interface ChildReport extends Counters {
  readonly name: string;
  readonly state: string;
  readonly uniqueId: string;
  readonly localSelectors: readonly string[];
  readonly remoteSelectors: readonly string[];
  readonly algorithms: Algorithms;
  readonly encapsulated: boolean;
  readonly spiIn: string;
  readonly spiOut: string;
  readonly rekeyInSeconds?: number;
}

/**
 * `waiting`: we answer only, and nobody has called yet; `trapped`: comes up with the first packet;
 * `standby`: another host of the gateway holds its address, and has it;
 * `unknown`: the daemon runs and could not be asked, while the kernel goes on with what it has.
 */
export const TUNNEL_STATES = [
  'up',
  'partial',
  'connecting',
  'down',
  'waiting',
  'trapped',
  'standby',
  'unknown',
  'disabled',
] as const;

export type TunnelState = (typeof TUNNEL_STATES)[number];

/** Nobody has to do anything about a tunnel in such a state. */
export function isAsWanted(state: TunnelState): boolean {
  return state === 'up' || state === 'waiting' || state === 'trapped' || isOff(state);
}

/** Not to be up on this host: what it failed for before concerns nobody now. */
export function isOff(state: TunnelState): boolean {
  return state === 'disabled' || state === 'standby';
}

/**
 * Which way packets go. `both-ways`: they have come in and gone out lately. `unanswered`: they have gone out
 * for a minute or longer, and none has come in; `unreturned`: the other way round. `none`: no packet lately.
 */
export type Traffic = 'both-ways' | 'unanswered' | 'unreturned' | 'none';

/** A tunnel over time. The traffic is that of all its SAs, also of those that are gone. */
export interface TunnelPast extends Counters {
  /** RFC 3339. */
  readonly firstSeen: string;
  /** Of the seconds since then, those in state `up`, as far as that is proven. */
  readonly upSeconds: number;
  /** Times it left the state `up`, unless it was disabled. */
  readonly flaps: number;
  /** Rekeyings of IKE and Child SAs that the agent saw. */
  readonly rekeys: number;
  /** Stays when the tunnel is up again. */
  readonly lastError?: Cause;
}

/** With which a tunnel is up, or was last. Members are absent where nothing was read back yet. */
export interface TunnelCertificates {
  /** Name of the Secret that ours comes from. */
  readonly secret: string;
  /** Ours, as the daemon holds it; that of before while an SA of before carries packets. */
  readonly local?: CertificateSummary;
  /** That of the other side. */
  readonly remote?: CertificateSummary;
}

export interface TunnelReport {
  /** `sp.<namespace>.<connection>.<tunnel>`. */
  readonly name: string;
  readonly namespace: string;
  readonly connection: string;
  readonly tunnel: string;
  readonly state: TunnelState;
  /** RFC 3339: when `state` was entered. */
  readonly since: string;
  /** IKE daemon that carries it; absent: the host's own one. */
  readonly shard?: string;
  readonly dataPlane: DataPlane;
  readonly interface?: string;
  readonly mtuBytes: number;
  readonly localAddress?: string;
  readonly remoteAddress?: string;
  readonly localId?: string;
  readonly remoteId?: string;
  /** Absent while there is no IKE SA. */
  readonly ike?: {
    readonly uniqueId: string;
    readonly initiator: boolean;
    readonly algorithms: Algorithms;
    readonly natDetected: boolean;
    readonly establishedSeconds: number;
    readonly rekeyInSeconds?: number;
  };
  /** Absent without certificates. */
  readonly certificates?: TunnelCertificates;
  readonly children: readonly ChildReport[];
  /** Absent while it is too early to tell. */
  readonly traffic?: Traffic;
  readonly history: TunnelPast;
  /** Last failure, kept while the tunnel is not up; of one that is up, what will end it. */
  readonly cause?: Cause;
}

/** What stands between the plan and the host: a change not done, with its error, or something else read back. */
export interface Difference extends Scoped {
  readonly text: string;
  /** Name of the tunnel it concerns; absent: the whole host. */
  readonly tunnel?: string;
  /** Somebody else has made it, of what was in effect. */
  readonly drifted?: true;
}

/** A change that somebody else has made of what was in effect, by the step that puts it right. */
export interface DriftEntry extends Scoped {
  /** RFC 3339: when it was found. */
  readonly at: string;
  readonly text: string;
  /** Name of the tunnel it concerns; absent: the whole host. */
  readonly tunnel?: string;
  readonly repaired: boolean;
}

export interface DriftReport {
  /** Over all agents since the host booted. */
  readonly count: number;
  /** The last ones, oldest first. */
  readonly last: readonly DriftEntry[];
  /** What was in effect on each level; what differs from that is drift. */
  readonly reached: Readonly<Record<string, ReachedState>>;
}

export interface ReachedState {
  readonly revision: string;
  /** Life that it holds for: of the machine and of the program, and where it has one, of the daemon. */
  readonly life: string;
  readonly daemonSince?: string;
}

export interface HostProblem extends Problem, Scoped {}

/** `silent`: it runs, or may run, and could not be asked. */
export type EngineState = 'running' | 'silent' | 'stopped';

/** One IKE daemon of the host. */
export interface EngineReport {
  readonly name: 'strongswan';
  /** Name of its network namespace; absent: the host's own daemon. */
  readonly shard?: string;
  readonly version?: string;
  /** VICI address in use. */
  readonly socket: string;
  readonly state: EngineState;
  /** true: not started by Sallyport. */
  readonly external: boolean;
  /** Counts the lives of the daemon that this agent has met. */
  readonly life: number;
}

export interface HostReport {
  readonly format: 'sallyport.dev/host-report/v1alpha1';
  readonly host: string;
  /** RFC 3339. */
  readonly observedAt: string;
  readonly agent: { readonly pid: number; readonly version: string; readonly startedAt: string };
  readonly kernel: string;
  /** The host's own first. */
  readonly engines: readonly EngineReport[];
  /** Revision the agent was told to reach; absent before the first plan. */
  readonly wantedRevision?: string;
  /** Revision proven by read-back; absent while anything differs. */
  readonly revisionInEffect?: string;
  readonly tunnels: readonly TunnelReport[];
  /** Absent where no tunnel is probed. */
  readonly health?: HealthReport;
  /** Absent without virtual addresses. */
  readonly vrrp?: readonly VrrpReport[];
  /** Absent without BGP. */
  readonly bgp?: BgpReport;
  /** Absent while the host is not drained. */
  readonly drain?: DrainReport;
  /** Absent while no drill is on. */
  readonly drill?: DrillReport;
  readonly differences: readonly Difference[];
  readonly drift: DriftReport;
  readonly problems: readonly HostProblem[];
  /** What is in effect of each declared object that the plan stands for. */
  readonly objects: readonly ObjectStatus[];
}

/** What was read, before it is judged. */
export type HostReading = Omit<HostReport, 'objects'>;
