/** What a look at one side of a tunnel gives: what is wrong, what is right, what cannot be seen. */
import type { HostPlan, TunnelPlan } from '../../plan/host-plan.ts';
import type { BgpReport } from '../bgp-report.ts';
import type { Usability } from '../health-report.ts';
import type { TunnelReport } from '../host-report.ts';
import type { Evidence } from './evidence.ts';
import type { Finding } from './explanation.ts';

export interface Judgement {
  readonly findings: readonly Finding[];
  readonly proofs: readonly string[];
  readonly unseen: readonly string[];
}

export const NOTHING: Judgement = { findings: [], proofs: [], unseen: [] };

export function onlyFinding(finding: Finding): Judgement {
  return { ...NOTHING, findings: [finding] };
}

/** One tunnel with everything that was seen of it; `before` and `after` are some hundred milliseconds apart. */
export interface Subject {
  readonly tunnel: TunnelPlan;
  /** Of the plan, and those that BGP has told. */
  readonly routes: HostPlan['routes'];
  /** As after the look; absent without BGP. */
  readonly bgp?: BgpReport;
  /** As after the look; absent where nothing probes the tunnel. */
  readonly usability?: Usability;
  readonly before: TunnelReport;
  readonly after: TunnelReport;
  readonly evidence: Evidence;
}

export function joinJudgements(judgements: readonly Judgement[]): Judgement {
  return {
    findings: judgements.flatMap(({ findings }) => findings),
    proofs: judgements.flatMap(({ proofs }) => proofs),
    unseen: judgements.flatMap(({ unseen }) => unseen),
  };
}
