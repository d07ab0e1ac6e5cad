/** What is asked to find out whether packets get through, whatever IKE and links say. */

export interface ProbePlan {
  /** Name of the tunnel through which it goes; of kinds `inside` and `target`, and only there. */
  readonly tunnel?: string;
  /** Name of the host that is asked; of kinds `gateway` and `node`, and only there. */
  readonly host?: string;
  /**
   * `inside`: the other end of the tunnel itself. `target`: a host behind it, which the operator names. `gateway`,
   * `node`: another host of ours, on the LAN.
   */
  readonly kind: 'inside' | 'target' | 'gateway' | 'node';
  /** `udp`: the other end is a Sallyport, which answers on a port of its own. */
  readonly method: 'icmp' | 'udp';
  readonly target: string;
  /** Our address that asks. */
  readonly source: string;
  /** The packets leave here, whatever the routes say; absent: as the routes say. */
  readonly interface?: string;
  /** 100 to 10000. */
  readonly intervalMilliseconds: number;
  /** So many unanswered in a row, and it has failed; more are needed while packets get lost anyway. */
  readonly failAfter: number;
  /** So many answered in a row, and it is good again; for longer where it has failed often lately. */
  readonly recoverAfter: number;
}
