/** Whether BGP inside a tunnel tells anything that packets could follow. */
import { type BgpSessionReport, isEstablished } from '../bgp-report.ts';
import { formatAdvertised } from '../format-advertised.ts';
import type { Finding } from './explanation.ts';
import { type Judgement, joinJudgements, NOTHING, onlyFinding, type Subject } from './judgement.ts';
import { toFinding } from './path-causes.ts';

export function judgeBgp({ tunnel, after, bgp, usability }: Subject): Judgement {
  // Without the tunnel, or where it carries nothing, there is nothing for it to speak in.
  if (bgp === undefined || after.state !== 'up' || usability?.usable === false) return NOTHING;
  const sessions = bgp.sessions.filter((session) => session.tunnel === tunnel.name);
  return joinJudgements(sessions.map(judgeSession));
}

function judgeSession(session: BgpSessionReport): Judgement {
  const { address, families } = session;
  if (!isEstablished(session)) return onlyFinding(down(session));
  const received = families.reduce((sum, family) => sum + family.received, 0);
  const accepted = families.reduce((sum, family) => sum + family.accepted, 0);
  if (received === 0)
    return onlyFinding(toFinding({ code: 'path/bgp-silent', named: { address } }));
  if (accepted === 0)
    return onlyFinding(toFinding({ code: 'path/bgp-refused', named: { address, received } }));
  const proof = `BGP with ${address} is established: ${accepted} of ${received} prefixes taken`;
  const told = formatAdvertised(session);
  return { ...NOTHING, proofs: [proof, ...(told === undefined ? [] : [`it is told ${told}`])] };
}

function down({
  address,
  asn,
  state,
  timesEstablished,
  lastReset,
  bfd,
}: BgpSessionReport): Finding {
  const notification =
    lastReset?.notification === undefined ? '' : `, NOTIFICATION ${lastReset.notification}`;
  return toFinding({
    code: 'path/bgp-down',
    named: { address, asn, state },
    evidence: [
      ...(timesEstablished === 0 ? ['it was never established'] : []),
      ...(lastReset === undefined
        ? []
        : [`it ended ${lastReset.secondsAgo} s ago: ${lastReset.reason}${notification}`]),
      ...(bfd === undefined || bfd.state === 'up' ? [] : [`BFD is ${bfd.state}`]),
    ],
  });
}
