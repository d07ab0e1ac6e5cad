/** Whether packets get through, as probes have found out. Plain data. */
import type { ProbePlan } from '../plan/probe-plan.ts';

/** `unknown`: nothing has answered yet, and it is too early to say more, or nothing can be asked. */
export type ProbeState = 'unknown' | 'good' | 'failed';

export interface ProbeWindow {
  /** Probes whose answers are due. */
  readonly sent: number;
  readonly lost: number;
}

export interface RoundTrip {
  readonly lastMilliseconds: number;
  readonly minimumMilliseconds: number;
  readonly averageMilliseconds: number;
  readonly maximumMilliseconds: number;
}

export interface ProbeReport
  extends Pick<ProbePlan, 'tunnel' | 'host' | 'kind' | 'target' | 'method'> {
  readonly state: ProbeState;
  /** Something has, since it is asked, by whichever agent. */
  readonly hasAnswered: boolean;
  /**
   * Since the last answer, or since it is asked; absent: it answers, or it is too early to say. Also what has failed and
   * has yet to answer for longer answers.
   */
  readonly silentSeconds?: number;
  /** It is good, and loses so many that people notice. */
  readonly lossy: boolean;
  /** RFC 3339: when `state` was entered. */
  readonly since: string;
  /** In words a person can act on. */
  readonly reason: string;
  readonly last100: ProbeWindow;
  readonly last1000: ProbeWindow;
  /** Of those of the last 100 that were answered; absent: none was. */
  readonly roundTrip?: RoundTrip;
}

/** What probes have found out, and what follows for the tunnels. */
export interface HealthReport {
  readonly probes: readonly ProbeReport[];
  readonly tunnels: readonly Usability[];
}

/** Whether a tunnel is to carry packets. */
export interface Usability {
  /** Name of the tunnel. */
  readonly tunnel: string;
  readonly usable: boolean;
  /** It is usable, and others should be preferred. */
  readonly degraded: boolean;
  /**
   * It is usable, and nothing answers through it. `early`: it is too early to say more, or nothing can be asked; `failed`: it is
   * kept, since no other path is better. Absent: something answers, or nothing is asked.
   */
  readonly silence?: 'early' | 'failed';
  readonly reason: string;
}
