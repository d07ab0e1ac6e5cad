/** What is asked through a tunnel to find out whether packets get through, whatever IKE says. */

export interface ProbePlan {
  /** Name of the tunnel. */
  readonly tunnel: string;
  /** `inside`: the other end of the tunnel itself. `target`: a host behind it, which the operator names. */
  readonly kind: 'inside' | 'target';
  /** `udp`: the other end is a Sallyport, which answers on a port of its own. */
  readonly method: 'icmp' | 'udp';
  readonly target: string;
  /** Our address that asks. */
  readonly source: string;
  /** The packets leave here, whatever the routes say. */
  readonly interface: string;
  /** 100 to 10000. */
  readonly intervalMilliseconds: number;
  /** So many unanswered in a row, and it has failed; more are needed while packets get lost anyway. */
  readonly failAfter: number;
  /** So many answered in a row, and it is good again; for longer where it has failed often lately. */
  readonly recoverAfter: number;
}
