import { describe, expect, it } from 'vitest';
import { child } from '../testing/reports.ts';
import { moved, report, seen, subject } from '../testing/subjects.ts';
import type { Probe } from './evidence.ts';
import { judgeTraffic, trafficBetween } from './judge-traffic.ts';

const silent: Probe = {
  target: '10.20.0.10',
  source: '10.10.0.1',
  pings: [
    { bytes: 84, sent: 3, received: 0 },
    { bytes: 1438, sent: 3, received: 0 },
  ],
};
const answered: Probe = { ...silent, pings: [{ bytes: 84, sent: 3, received: 3 }] };

const codes = (base: typeof subject): string[] =>
  judgeTraffic(base).findings.map(({ code }) => code);

describe('trafficBetween', () => {
  it('counts an SA that came in between from its birth, and not the one that went', () => {
    const fresh = { ...child, uniqueId: '8', packetsIn: 2, packetsOut: 3 };
    expect(trafficBetween(report, { ...report, children: [fresh] })).toEqual({
      packetsIn: 2,
      packetsOut: 3,
    });
  });
});

describe('judgeTraffic', () => {
  it('proves a tunnel by what it has carried, and by pings', () => {
    const { findings, proofs } = judgeTraffic(seen({ probe: answered }));
    expect(findings).toEqual([]);
    expect(proofs).toEqual([
      'ping from 10.10.0.1 to 10.20.0.10, 84 bytes: 3 of 3 answered',
      'ESP v4 has carried 20.0 GiB out and 1.5 KiB in since its last rekey; next rekey in 50m',
    ]);
  });

  it.each([
    { what: 'pings go out and nothing comes', base: moved(0, 6), code: 'path/nothing-comes-back' },
    { what: 'other packets come', base: moved(4, 9), code: 'path/target-silent' },
    { what: 'no ping goes out', base: moved(5, 0), code: 'path/not-sent' },
  ])('says of a silent target, where $what: $code', ({ base, code }) => {
    const { findings, proofs } = judgeTraffic({
      ...base,
      evidence: { ...base.evidence, probe: silent },
    });
    expect(findings.map((finding) => finding.code)).toEqual([code]);
    expect(findings[0]?.evidence[0]).toContain('84 bytes: 0 of 3 answered');
    expect(proofs.join()).not.toContain('ping');
  });

  it.each([
    { packetsIn: 0, packetsOut: 12, found: ['path/nothing-comes-back'] },
    { packetsIn: 12, packetsOut: 0, found: ['path/nothing-goes-out'] },
    { packetsIn: 0, packetsOut: 1, found: [] },
    { packetsIn: 1, packetsOut: 0, found: [] },
    { packetsIn: 5, packetsOut: 12, found: [] },
  ])('without a target, $packetsOut out and $packetsIn in is $found', (counted) => {
    const { found, ...counts } = counted;
    const looked = { ...report, children: [{ ...child, ...counts }] };
    expect(codes({ ...subject, before: looked, after: looked })).toEqual(found);
  });

  it.each([
    { traffic: 'unanswered', packetsIn: 5, packetsOut: 12, found: ['path/nothing-comes-back'] },
    { traffic: 'unreturned', packetsIn: 12, packetsOut: 5, found: ['path/nothing-goes-out'] },
    { traffic: 'both-ways', packetsIn: 0, packetsOut: 12, found: [] },
  ] as const)('calls one-way what the report does: $traffic is $found', (counted) => {
    const { found, traffic, ...counts } = counted;
    const looked = { ...report, traffic, children: [{ ...child, ...counts }] };
    expect(codes({ ...subject, before: looked, after: looked })).toEqual(found);
  });

  it('asks for a target where nothing has gone through yet', () => {
    const idle = { ...report, children: [{ ...child, packetsIn: 0, packetsOut: 0 }] };
    const { findings, proofs, unseen } = judgeTraffic({ ...subject, before: idle, after: idle });
    expect([findings, proofs]).toEqual([[], []]);
    expect(unseen).toEqual([expect.stringContaining('--target')]);
  });

  it('says nothing of a tunnel that is down', () => {
    const down = { ...report, state: 'down' as const, children: [] };
    const probed = { ...subject.evidence, probe: silent };
    const judged = judgeTraffic({ ...subject, before: down, after: down, evidence: probed });
    expect(judged).toEqual({ findings: [], proofs: [], unseen: [] });
  });
});
