/** Whether packets go both ways: by the counters of the SAs, and by pings where there was a target. */
import { formatBytes, formatDuration } from '../../lib/format.ts';
import type { ChildReport, Traffic, TunnelReport } from '../host-report.ts';
import type { Probe } from './evidence.ts';
import type { Finding } from './explanation.ts';
import type { Judgement, Subject } from './judgement.ts';
import { toFinding } from './path-causes.ts';

/** Packets of one direction that have no answer in the other one before that is strange. */
const ONE_WAY_PACKETS = 3;

export interface TrafficDelta {
  readonly packetsIn: number;
  readonly packetsOut: number;
}

/** What went through the SAs between the two looks; an SA that came in between counts from its birth. */
export function trafficBetween(before: TunnelReport, after: TunnelReport): TrafficDelta {
  const known = new Map(before.children.map((child) => [child.uniqueId, child]));
  return sumOf(
    after.children.map((child) => {
      const was = known.get(child.uniqueId);
      return {
        packetsIn: child.packetsIn - (was?.packetsIn ?? 0),
        packetsOut: child.packetsOut - (was?.packetsOut ?? 0),
      };
    }),
  );
}

function sumOf(parts: readonly TrafficDelta[]): TrafficDelta {
  return {
    packetsIn: parts.reduce((sum, part) => sum + part.packetsIn, 0),
    packetsOut: parts.reduce((sum, part) => sum + part.packetsOut, 0),
  };
}

/** Whether the other end of the tunnel has answered a ping; undefined where none was sent. */
export function isAnswered(probe: Probe | undefined): boolean | undefined {
  return probe?.pings.some(({ received }) => received > 0);
}

export function judgeTraffic(subject: Subject): Judgement {
  const { after, evidence } = subject;
  if (after.state !== 'up' && after.state !== 'partial')
    return { findings: [], proofs: [], unseen: [] };
  const answered = isAnswered(evidence.probe);
  const finding = answered === true ? undefined : findOneWay(subject);
  return {
    findings: finding === undefined ? [] : [finding],
    proofs: [
      ...(answered === true ? [pingLine(evidence.probe)] : []),
      ...after.children.map(carriedLine),
    ].filter((line) => line !== ''),
    unseen:
      evidence.probe === undefined && hasNoTraffic(after)
        ? [
            'no packet has gone through the tunnel yet: name an address behind the other side with --target',
          ]
        : [],
  };
}

function hasNoTraffic({ children }: TunnelReport): boolean {
  const { packetsIn, packetsOut } = sumOf(children);
  return packetsIn + packetsOut === 0;
}

function findOneWay({ tunnel, before, after, evidence }: Subject): Finding | undefined {
  const { probe } = evidence;
  const now = trafficBetween(before, after);
  const total = sumOf(after.children);
  const named = {
    peer: after.remoteAddress ?? tunnel.remoteAddress ?? 'the other side',
    local: tunnel.children.flatMap((child) => child.localSelectors).join(', '),
    remote: tunnel.children.flatMap((child) => child.remoteSelectors).join(', '),
    target: probe?.target ?? '',
  };
  const looked = `while we looked: ${countText(now)}`;
  if (probe !== undefined) {
    const evidenceLines = [pingLine(probe), looked];
    if (now.packetsOut === 0)
      return toFinding({ code: 'path/not-sent', named, evidence: evidenceLines });
    const code = now.packetsIn === 0 ? 'path/nothing-comes-back' : 'path/target-silent';
    return toFinding({ code, named, evidence: evidenceLines });
  }
  const since = `since the SA was made: ${countText(total)}`;
  // The condition Healthy follows the report: what it says stands, and counters only where it is too early.
  const verdict = after.traffic ?? sinceBirth(total);
  if (verdict === 'unanswered')
    return toFinding({ code: 'path/nothing-comes-back', named, evidence: [since, looked] });
  if (verdict === 'unreturned')
    return toFinding({ code: 'path/nothing-goes-out', named, evidence: [since, looked] });
  return undefined;
}

function sinceBirth({ packetsIn, packetsOut }: TrafficDelta): Traffic | undefined {
  if (packetsIn === 0 && packetsOut >= ONE_WAY_PACKETS) return 'unanswered';
  return packetsOut === 0 && packetsIn >= ONE_WAY_PACKETS ? 'unreturned' : undefined;
}

function countText({ packetsIn, packetsOut }: TrafficDelta): string {
  return `${packetsOut} packets out, ${packetsIn} in`;
}

function pingLine(probe: Probe | undefined): string {
  const [small] = probe?.pings ?? [];
  return probe === undefined || small === undefined
    ? ''
    : `ping from ${probe.source} to ${probe.target}, ${small.bytes} bytes: ${small.received} of ${small.sent} answered`;
}

function carriedLine(child: ChildReport): string {
  if (child.packetsIn === 0 || child.packetsOut === 0) return '';
  const rekey =
    child.rekeyInSeconds === undefined
      ? ''
      : `; next rekey in ${formatDuration(child.rekeyInSeconds)}`;
  return `ESP ${child.name} has carried ${formatBytes(child.bytesOut)} out and ${formatBytes(child.bytesIn)} in since its last rekey${rekey}`;
}
