/** Why a tunnel is not up, or carries nothing, as `sallyport why` tells it. Plain data. */
import type { TunnelState } from '../host-report.ts';

/** What was tried, or what came back. */
export interface TrailStep {
  /** RFC 3339. */
  readonly at: string;
  readonly text: string;
}

/** One thing that is wrong. Codes: `docs/reference/causes.md`. */
export interface Finding {
  /** Stable text such as `path/forwarding-off`. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** What was seen that shows it; may be empty. */
  readonly evidence: readonly string[];
}

export interface TunnelExplanation {
  /** `sp.<namespace>.<connection>.<tunnel>`. */
  readonly name: string;
  readonly namespace: string;
  readonly connection: string;
  readonly tunnel: string;
  readonly state: TunnelState;
  /** RFC 3339: when `state` was entered. */
  readonly since: string;
  /** Nothing is left to be done by anybody. */
  readonly isWell: boolean;
  readonly tried: readonly TrailStep[];
  /** Worst first. */
  readonly findings: readonly Finding[];
  /** What the other side must have, as its administrator would write it; empty where that is no question. */
  readonly expectedOfPeer: readonly string[];
  /** What was looked at, and is as it should be. */
  readonly proofs: readonly string[];
  /** What could not be looked at, and why. */
  readonly unseen: readonly string[];
}

export interface Explanation {
  readonly format: 'sallyport.dev/explanation/v1alpha1';
  readonly host: string;
  /** RFC 3339. */
  readonly observedAt: string;
  readonly tunnels: readonly TunnelExplanation[];
}
