/** What firewalls that are not ours do to packets of the tunnel. */
import type { FirewallStop } from './evidence.ts';
import type { Judgement, Subject } from './judgement.ts';
import { toFinding } from './path-causes.ts';

const OUTER = new Set(['outgoing IKE', 'incoming IKE', 'outgoing ESP', 'incoming ESP']);

export function judgeFirewall({ tunnel, after, evidence }: Subject): Judgement {
  const { stops } = evidence;
  if (stops === undefined) return { findings: [], proofs: [], unseen: [] };
  const named = (stop: FirewallStop): Record<string, string> => ({
    flow: stop.flow,
    packet: stop.packet,
    place: stop.place,
    peer: after.remoteAddress ?? tunnel.remoteAddress ?? 'the other side',
  });
  // Where the other side may not begin, answers still pass: many hosts mean it so.
  const begun = stops.filter(({ flow }) => flow === 'begun by the other side');
  const standing = stops.filter((stop) => !begun.includes(stop) && isStanding(stop));
  const findings = standing.map((stop) =>
    toFinding({
      code: OUTER.has(stop.flow)
        ? 'path/firewall-drops-outer'
        : stop.action === 'translate'
          ? 'path/source-translated'
          : 'path/firewall-drops',
      named: named(stop),
      evidence: countedLine(stop),
    }),
  );
  return {
    findings,
    proofs: stops.length === 0 ? ['no firewall of this host stops packets of the tunnel'] : [],
    unseen: [
      ...(standing.some(({ flow }) => flow === 'forwarded in')
        ? []
        : begun
            .filter(isStanding)
            .map(
              ({ packet, place }) =>
                `whether the other side shall begin connections: ${packet} is dropped until it is an answer, by ${place}`,
            )),
      ...stops
        .filter((stop) => !begun.includes(stop) && !isStanding(stop))
        .map(
          ({ packet, place }) =>
            `whether ${packet} passes: ${place} may drop it, depending on more than its addresses`,
        ),
    ],
  };
}

/** It surely matches, or it has just dropped something. */
function isStanding({ isCertain, counted }: FirewallStop): boolean {
  return isCertain || (counted !== undefined && counted.after > counted.before);
}

function countedLine({ counted }: FirewallStop): string[] {
  if (counted === undefined) return [];
  const grown = counted.after - counted.before;
  return [`the rule has counted ${counted.after} packets, ${grown} of them while we looked`];
}
