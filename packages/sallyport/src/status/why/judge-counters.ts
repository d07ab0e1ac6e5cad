/**
 * What the kernel counts where it drops packets of IPsec (Linux Documentation/networking/xfrm_proc). The
 * counters are of a whole network namespace, and old figures tell of old times: only what grew while we looked
 * counts, and only beside a tunnel that lacks such packets.
 */
import type { TunnelPlan } from '../../plan/host-plan.ts';
import type { Evidence } from './evidence.ts';
import { isAnswered, type TrafficDelta, trafficBetween } from './judge-traffic.ts';
import { type Judgement, NOTHING, type Subject } from './judgement.ts';
import { type PathCode, toFinding } from './path-causes.ts';

interface CounterCause {
  readonly code: PathCode;
  readonly counters: readonly string[];
  /** Whether packets of this tunnel can be those that were counted. */
  readonly fits: (now: TrafficDelta) => boolean;
}

const nothingIn = ({ packetsIn }: TrafficDelta): boolean => packetsIn === 0;
const somethingIn = ({ packetsIn }: TrafficDelta): boolean => packetsIn > 0;
const nothingOut = ({ packetsOut }: TrafficDelta): boolean => packetsOut === 0;

const CAUSES: readonly CounterCause[] = [
  { code: 'path/unknown-spi', counters: ['XfrmInNoStates'], fits: nothingIn },
  { code: 'path/damaged', counters: ['XfrmInStateProtoError'], fits: nothingIn },
  { code: 'path/replayed', counters: ['XfrmInStateSeqError'], fits: () => true },
  { code: 'path/template-mismatch', counters: ['XfrmInTmplMismatch'], fits: somethingIn },
  { code: 'path/no-inbound-policy', counters: ['XfrmInNoPols'], fits: somethingIn },
  { code: 'path/policy-blocks', counters: ['XfrmInPolBlock', 'XfrmOutPolBlock'], fits: () => true },
  { code: 'path/no-outbound-state', counters: ['XfrmOutNoStates'], fits: nothingOut },
];

export function judgeCounters({ tunnel, before, after, evidence }: Subject): Judgement {
  if (tunnel.dataPlane === 'userspace')
    return {
      ...NOTHING,
      unseen: [
        'ESP runs in user space: the kernel does not count unknown SPIs, damaged packets and missing policies; the log of charon tells of them',
      ],
    };
  // Whatever was dropped, it was nothing that this tunnel lacks.
  if (isAnswered(evidence.probe) === true) return NOTHING;
  const now = trafficBetween(before, after);
  const place = tunnel.shard === undefined ? 'this host' : `network namespace ${tunnel.shard}`;
  const named = { selectors: selectorsOf(tunnel) };
  const findings = CAUSES.flatMap(({ code, counters, fits }) => {
    const grown = counters.flatMap((name) => grownText(evidence, name, place));
    return grown.length > 0 && fits(now) ? [toFinding({ code, named, evidence: grown })] : [];
  });
  return { ...NOTHING, findings };
}

/** Packets that the interface of the tunnel could not hand to an SA. */
export function judgeRefused({ tunnel, after, evidence }: Subject): Judgement {
  const { refusedByPolicy: refused } = evidence;
  const grown = refused === undefined ? 0 : refused.after - refused.before;
  if (grown <= 0 || after.state !== 'up') return NOTHING;
  const named = { selectors: selectorsOf(tunnel), interface: tunnel.interface ?? '' };
  const line = `carrier errors of ${named.interface} grew by ${grown} while we looked`;
  return {
    ...NOTHING,
    findings: [toFinding({ code: 'path/outside-selectors', named, evidence: [line] })],
  };
}

function selectorsOf({ children }: TunnelPlan): string {
  return children
    .map((child) => `${child.localSelectors.join(', ')} <-> ${child.remoteSelectors.join(', ')}`)
    .join('; ');
}

function grownText({ xfrm }: Evidence, name: string, place: string): string[] {
  const grown = (xfrm?.after.get(name) ?? 0) - (xfrm?.before.get(name) ?? 0);
  return grown > 0 ? [`${name} of ${place} grew by ${grown} while we looked`] : [];
}
