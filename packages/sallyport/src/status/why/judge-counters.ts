/**
 * What the kernel counts where it drops packets of IPsec (Linux Documentation/networking/xfrm_proc). The
 * counters are of the whole host, and old figures tell of old times: only what grew while we looked
 * counts, and only beside a tunnel that lacks such packets.
 */
import type { Evidence } from './evidence.ts';
import { isAnswered, type Traffic, trafficBetween } from './judge-traffic.ts';
import { type Judgement, type Subject } from './judgement.ts';
import { type PathCode, toFinding } from './path-causes.ts';

interface CounterCause {
  readonly code: PathCode;
  readonly counters: readonly string[];
  /** Whether packets of this tunnel can be those that were counted. */
  readonly fits: (now: Traffic) => boolean;
}

const nothingIn = ({ packetsIn }: Traffic): boolean => packetsIn === 0;
const somethingIn = ({ packetsIn }: Traffic): boolean => packetsIn > 0;
const nothingOut = ({ packetsOut }: Traffic): boolean => packetsOut === 0;

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
  const named = {
    selectors: tunnel.children
      .map((child) => `${child.localSelectors.join(', ')} <-> ${child.remoteSelectors.join(', ')}`)
      .join('; '),
    interface: tunnel.interface ?? '',
  };
  const findings = CAUSES.flatMap(({ code, counters, fits }) => {
    const grown = counters.flatMap((name) => grownText(evidence, name));
    return grown.length > 0 && fits(now) ? [toFinding({ code, named, evidence: grown })] : [];
  });
  const refused = evidence.refusedByPolicy;
  const isRefused = refused !== undefined && refused.after > refused.before;
  if (isRefused && after.state === 'up')
    findings.push(
      toFinding({
        code: 'path/outside-selectors',
        named,
        evidence: [
          `carrier errors of ${named.interface} grew by ${refused.after - refused.before} while we looked`,
        ],
      }),
    );
  return { ...NOTHING, findings };
}

const NOTHING: Judgement = { findings: [], proofs: [], unseen: [] };

function grownText({ xfrm }: Evidence, name: string): string[] {
  const grown = (xfrm?.after.get(name) ?? 0) - (xfrm?.before.get(name) ?? 0);
  return grown > 0 ? [`${name} of this host grew by ${grown} while we looked`] : [];
}
