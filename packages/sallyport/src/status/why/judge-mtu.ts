/** Whether packets of the tunnel's MTU fit the path to the other side. */
import { familyOf } from '../../lib/prefix.ts';
import { worstInnerMtu } from '../../plan/mtu.ts';
import type { Ping } from './evidence.ts';
import { type Judgement, NOTHING, type Subject } from './judgement.ts';
import { toFinding } from './path-causes.ts';

/** RFC 3948 §2.1: what an SA without encapsulation saves against what is planned. */
const UDP_HEADER = 8;

export function judgeMtu(subject: Subject): Judgement {
  const known = judgeKnownMtu(subject);
  return known.findings.length > 0 ? known : judgePings(subject);
}

/** The kernel has been told, or somebody wrote it on the route. */
function judgeKnownMtu({ tunnel, after, evidence }: Subject): Judgement {
  const { peerRoute } = evidence;
  const path = peerRoute?.kind === 'route' ? peerRoute.mtuBytes : undefined;
  const peer = after.remoteAddress ?? tunnel.remoteAddress ?? '';
  const outer = familyOf(peer);
  // In user space the outer packets are UDP of charon's, which the kernel may take apart.
  if (path === undefined || outer === undefined || tunnel.dataPlane === 'userspace') return NOTHING;
  const isEncapsulated =
    tunnel.forceEncapsulation || after.children.some(({ encapsulated }) => encapsulated);
  const room = path + (isEncapsulated ? 0 : UDP_HEADER);
  const fits = worstInnerMtu(tunnel.espProposals, room, outer);
  if (fits >= tunnel.mtuBytes) return NOTHING;
  const finding = toFinding({
    code: 'path/mtu-smaller',
    named: { peer, path, fits, large: tunnel.mtuBytes },
    evidence: [`the route to ${peer} has an MTU of ${path} bytes`],
  });
  return { findings: [finding], proofs: [], unseen: [] };
}

function judgePings({ evidence }: Subject): Judgement {
  const [small, ...larger] = evidence.probe?.pings ?? [];
  const large = larger.at(-1);
  if (small === undefined || large === undefined || !isThrough(small)) return NOTHING;
  if (isThrough(large)) return judgeAbove(large, evidence.probe?.above);
  const passed = larger.findLast(isThrough) ?? small;
  const lost = larger.find((ping) => ping.bytes > passed.bytes) ?? large;
  const finding = toFinding({
    code: 'path/mtu-black-hole',
    named: { small: small.bytes, large: large.bytes, fits: passed.bytes },
    evidence: [...new Set([passed, lost, large])].map(describePing),
  });
  return { findings: [finding], proofs: [], unseen: [] };
}

/** Who sends more is told what fits (RFC 1191 §4, RFC 8201 §4), or gets it through: our own MTU leaves room for UDP. */
function judgeAbove(large: Ping, above: Ping | undefined): Judgement {
  const passes = `a packet of ${large.bytes} bytes, the MTU of the tunnel, passes in one piece`;
  const proven = (proof: string): Judgement => ({ findings: [], proofs: [proof], unseen: [] });
  if (above === undefined || isThrough(above)) return proven(passes);
  if (above.refusedAbove !== undefined)
    return proven(`${passes}; who sends one byte more is told that ${above.refusedAbove} fit`);
  const finding = toFinding({
    code: 'path/mtu-untold',
    named: { fits: large.bytes, large: above.bytes },
    evidence: [large, above].map(describePing),
  });
  return { findings: [finding], proofs: [passes], unseen: [] };
}

function isThrough({ received }: Ping): boolean {
  return received > 0;
}

function describePing({ bytes, sent, received, refusedAbove }: Ping): string {
  const told = refusedAbove === undefined ? '' : `, told that ${refusedAbove} fit`;
  return `ping of ${bytes} bytes, not to be fragmented: ${received} of ${sent} answered${told}`;
}
