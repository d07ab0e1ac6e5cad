/** Everything that is known of one tunnel, put together and ranked. */
import { formatDuration } from '../../lib/format.ts';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import {
  type Difference,
  type HostProblem,
  type HostReport,
  isAsWanted,
  isOff,
  type TunnelReport,
} from '../host-report.ts';
import { concerns, daemonOf } from '../scope.ts';
import { expectedOfPeer } from './expected-of-peer.ts';
import type { Finding, TrailStep, TunnelExplanation } from './explanation.ts';
import { judgeBgp } from './judge-bgp.ts';
import { judgeCounters, judgeRefused } from './judge-counters.ts';
import { judgeFirewall } from './judge-firewall.ts';
import { judgeHealth } from './judge-health.ts';
import { judgeMtu } from './judge-mtu.ts';
import { judgeRoutes } from './judge-routes.ts';
import { judgeTraffic } from './judge-traffic.ts';
import { type Judgement, joinJudgements, NOTHING, type Subject } from './judgement.ts';
import { PATH_CAUSES, type PathCode, toFinding } from './path-causes.ts';

export interface ExplainInput {
  readonly report: TunnelReport;
  /** Absent where the plan was not to be had. */
  readonly tunnel?: TunnelPlan;
  /** Absent where nothing could be looked at. */
  readonly subject?: Subject;
  readonly trail: readonly TrailStep[];
  /** What the agent could not do on the whole host. */
  readonly problems: readonly HostProblem[];
  /** What is not as declared, on the whole host. */
  readonly differences: readonly Difference[];
  /** What somebody has asked the host to do; absent: nothing. */
  readonly work?: Pick<HostReport, 'drain' | 'drill'>;
}

export function explainTunnel({
  report,
  tunnel,
  subject,
  trail,
  problems,
  differences,
  work = {},
}: ExplainInput): TunnelExplanation {
  const asWanted = isAsWanted(report.state);
  const isAway = isOff(report.state);
  const judged = isAway || subject === undefined ? NOTHING : judge(subject);
  // Of a tunnel that is up, too: what will not let it stay so, or leaves networks out.
  const cause = isAway ? [] : causeOf(report);
  const isNegotiated = asWanted && cause.length === 0;
  const daemons = new Set([daemonOf(report)]);
  // What is the cause of the tunnel already is a problem of its daemon as well.
  const faults = problems.filter(
    (one) => one.severity === 'error' && one.code !== report.cause?.code && concerns(daemons, one),
  );
  const findings = [
    ...cause,
    ...(asWanted ? [] : faults.map(fromProblem)),
    ...differences.filter((one) => one.tunnel === report.name).map(fromDifference),
    ...fromWork(report.name, work),
    ...judged.findings,
  ];
  const ranked = withoutRepetition(findings).toSorted((a, b) => rankOf(a.code) - rankOf(b.code));
  const { name, namespace, connection, tunnel: part, state, since } = report;
  return {
    ...{ name, namespace, connection, tunnel: part, state, since },
    isWell: asWanted && ranked.length === 0,
    tried: isNegotiated ? [] : trail,
    findings: ranked,
    expectedOfPeer: isNegotiated || tunnel === undefined ? [] : expectedOfPeer(tunnel),
    proofs: [...(report.state === 'up' ? [upLine(report)] : []), ...new Set(judged.proofs)],
    unseen: [...(subject?.evidence.unseen ?? []), ...new Set(judged.unseen)],
  };
}

function judge(subject: Subject): Judgement {
  const reasons = joinJudgements(
    [judgeBgp, judgeRoutes, judgeFirewall, judgeCounters, judgeMtu].map((look) => look(subject)),
  );
  // What follows from a reason is no news beside it: each of these speaks only where nothing else does.
  return [judgeRefused, judgeHealth, judgeTraffic].reduce((known, look) => {
    const more = look(subject);
    const findings = known.findings.length > 0 ? [] : more.findings;
    return joinJudgements([known, { ...more, findings }]);
  }, reasons);
}

function causeOf({ cause }: TunnelReport): Finding[] {
  if (cause === undefined) return [];
  const { code, message, hint } = cause;
  return [{ code, message, hint, evidence: [] }];
}

function fromProblem({ code, message, hint }: HostProblem): Finding {
  return { code, message, hint: hint ?? 'see the log of the agent', evidence: [] };
}

function fromDifference({ text }: Difference): Finding {
  return toFinding({ code: 'path/not-as-declared', named: { difference: text } });
}

function fromWork(
  tunnel: string,
  { drain, drill }: Pick<HostReport, 'drain' | 'drill'>,
): Finding[] {
  return [
    ...(drain === undefined
      ? []
      : [toFinding({ code: 'path/drained', named: { since: drain.since } })]),
    ...(drill?.tunnels.includes(tunnel) === true
      ? [toFinding({ code: 'path/drilled', named: { until: drill.until } })]
      : []),
  ];
}

function upLine({ ike, since }: TunnelReport): string {
  const seconds = ike === undefined ? '' : `; IKE SA of ${formatDuration(ike.establishedSeconds)}`;
  return `up since ${since}${seconds}`;
}

/** One finding of many networks is told once, with all that shows it. */
function withoutRepetition(findings: readonly Finding[]): Finding[] {
  const merged = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.code} ${finding.message}`;
    const evidence = [...(merged.get(key)?.evidence ?? []), ...finding.evidence];
    merged.set(key, { ...finding, evidence: [...new Set(evidence)].slice(0, MOST_EVIDENCE) });
  }
  return [...merged.values()];
}

const MOST_EVIDENCE = 4;

const ORDER = Object.keys(PATH_CAUSES);
/** What comes up to here on the path keeps IKE from getting through, and explains its failure. */
const LAST_BEFORE_IKE: PathCode = 'path/reverse-path-filter';

function rankOf(code: string): number {
  if (code.startsWith('engine/')) return -1;
  const index = ORDER.indexOf(code);
  return index < 0 ? ORDER.indexOf(LAST_BEFORE_IKE) + 0.5 : index;
}
