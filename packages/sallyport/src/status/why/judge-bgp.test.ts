import { describe, expect, it } from 'vitest';
import type { BgpReport, BgpSessionReport } from '../bgp-report.ts';
import { subject, tunnel } from '../testing/subjects.ts';
import { judgeBgp } from './judge-bgp.ts';

const established: BgpSessionReport = {
  ...{ address: '169.254.10.1', asn: 64_512, tunnel: tunnel.name, state: 'established' },
  ...{ timesEstablished: 1, timesLost: 0 },
  families: [{ family: 4, received: 3, accepted: 2, advertised: 1 }],
};
const withSession = (session: BgpSessionReport): typeof subject & { bgp: BgpReport } => ({
  ...subject,
  bgp: {
    ...{ version: '8.4.4', asn: 65_010, routerId: '192.0.2.10' },
    ...{ sessions: [session], learned: { total: 2, installed: 2 } },
  },
});
const codes = (session: BgpSessionReport): string[] =>
  judgeBgp(withSession(session)).findings.map(({ code }) => code);

describe('judgeBgp', () => {
  it('has nothing to say without BGP, of other tunnels, or of a tunnel that is down', () => {
    expect(judgeBgp(subject).findings).toEqual([]);
    expect(codes({ ...established, tunnel: 'sp.default.other.main', state: 'idle' })).toEqual([]);
    const down = withSession({ ...established, state: 'idle' });
    expect(judgeBgp({ ...down, after: { ...subject.after, state: 'down' } }).findings).toEqual([]);
  });

  it('proves a session that tells what is taken', () => {
    expect(judgeBgp(withSession(established)).proofs).toEqual([
      'BGP with 169.254.10.1 is established: 2 of 3 prefixes taken',
    ]);
    const families = established.families.map((one) => ({
      ...one,
      advertisedPrefixes: ['10.10.0.0/16'],
    }));
    expect(judgeBgp(withSession({ ...established, families })).proofs.at(-1)).toBe(
      'it is told 10.10.0.0/16',
    );
  });

  it('says that nothing is told, or nothing of it taken', () => {
    const families = { family: 4, received: 0, accepted: 0, advertised: 1 } as const;
    expect(codes({ ...established, families: [families] })).toEqual(['path/bgp-silent']);
    expect(codes({ ...established, families: [{ ...families, received: 2 }] })).toEqual([
      'path/bgp-refused',
    ]);
  });

  it('says why a session is down', () => {
    const bfd = { transmitMilliseconds: 300, detectMilliseconds: 900 };
    const lost: BgpSessionReport = {
      ...{ ...established, state: 'active', families: [], bfd: { ...bfd, state: 'down' } },
      lastReset: { reason: 'Peer closed', notification: 'Cease/Peer De-configured', secondsAgo: 7 },
    };
    const [finding] = judgeBgp(withSession(lost)).findings;
    expect(finding?.message).toBe(
      'the tunnel is up, and BGP with 169.254.10.1 (AS 64512) inside it is not: active',
    );
    expect(finding?.evidence).toEqual([
      'it ended 7 s ago: Peer closed, NOTIFICATION Cease/Peer De-configured',
      'BFD is down',
    ]);
    const never = judgeBgp(
      withSession({ ...established, state: 'idle', timesEstablished: 0, families: [] }),
    );
    expect(never.findings[0]?.evidence).toEqual(['it was never established']);
  });
});
