import { describe, expect, it } from 'vitest';
import type { ProbeReport } from '../health-report.ts';
import { judgeUsability, type TunnelEvidence } from './usability.ts';

function probe(over: Partial<ProbeReport>): ProbeReport {
  return {
    ...{
      tunnel: 'any',
      kind: 'inside',
      method: 'icmp',
      target: '169.254.1.1',
      state: 'good',
      hasAnswered: true,
      lossy: false,
    },
    ...{ since: '2026-01-01T00:00:00Z', reason: over.state ?? 'answers' },
    ...{ last100: { sent: 100, lost: 0 }, last1000: { sent: 100, lost: 0 } },
    ...over,
  };
}

const GOOD = probe({});
const FAILED = probe({ state: 'failed', reason: 'has not answered for 1s' });
const TARGET = { kind: 'target', target: '10.2.0.9' } as const;

function tunnel(name: string, probes: ProbeReport[], down?: string): TunnelEvidence {
  return { tunnel: name, connection: 'site', probes, ...(down === undefined ? {} : { down }) };
}

describe('judgeUsability', () => {
  it('takes out a tunnel through which nothing answers, at once, where another path is good', () => {
    expect(judgeUsability([tunnel('a', [FAILED]), tunnel('b', [GOOD])])).toEqual([
      {
        ...{ tunnel: 'a', usable: false, degraded: false },
        reason: '169.254.1.1 has not answered for 1s',
      },
      { tunnel: 'b', usable: true, degraded: false, reason: '169.254.1.1 answers' },
    ]);
  });

  it('keeps the last path, and says so', () => {
    const kept = {
      ...{ usable: true, degraded: true, silence: 'failed' },
      reason: '169.254.1.1 has not answered for 1s; kept, since no other path is better',
    };
    expect(
      judgeUsability([
        tunnel('a', [FAILED]),
        tunnel('b', [GOOD], 'the IKE SA is down'),
        tunnel('c', [FAILED]),
      ]),
    ).toEqual([
      { tunnel: 'a', ...kept },
      { tunnel: 'b', usable: false, degraded: false, reason: 'the IKE SA is down' },
      { tunnel: 'c', ...kept },
    ]);
  });

  it('takes an answer from behind the tunnel for a proof that packets pass', () => {
    const [judged] = judgeUsability([
      tunnel('a', [FAILED, probe(TARGET)]),
      tunnel('b', [GOOD, probe(TARGET)]),
    ]);
    expect(judged).toEqual({
      ...{ tunnel: 'a', usable: true, degraded: false },
      reason: '169.254.1.1 has not answered for 1s',
    });
  });

  it('takes out a tunnel that lacks a host which answers through another', () => {
    const lacking = probe({ ...TARGET, state: 'failed', reason: 'has never answered' });
    const [judged] = judgeUsability([
      tunnel('a', [GOOD, lacking]),
      tunnel('b', [GOOD, probe(TARGET)]),
    ]);
    expect(judged).toEqual({
      ...{ tunnel: 'a', usable: false, degraded: false },
      reason: '10.2.0.9 has never answered, and answers through another tunnel',
    });
  });

  it('blames no tunnel for a host that answers through none', () => {
    const lacking = probe({ ...TARGET, state: 'failed', reason: 'has never answered' });
    const judged = judgeUsability([tunnel('a', [GOOD, lacking]), tunnel('b', [GOOD, lacking])]);
    expect(judged.map(({ usable, degraded }) => ({ usable, degraded }))).toEqual([
      { usable: true, degraded: false },
      { usable: true, degraded: false },
    ]);
  });

  it('prefers tunnels that lack something to one that lacks everything', () => {
    const one = probe({ ...TARGET, state: 'failed' });
    const other = { kind: 'target', target: '10.2.0.10' } as const;
    const judged = judgeUsability([
      tunnel('a', [GOOD, one, probe(other)]),
      tunnel('b', [GOOD, probe(TARGET), probe({ ...other, state: 'failed' })]),
      tunnel('c', [FAILED]),
    ]);
    expect(judged.map(({ usable, degraded }) => ({ usable, degraded }))).toEqual([
      { usable: true, degraded: true },
      { usable: true, degraded: true },
      { usable: false, degraded: false },
    ]);
  });

  it('calls a tunnel that loses packets degraded', () => {
    const lossy = probe({ lossy: true, reason: 'loses packets' });
    expect(judgeUsability([tunnel('a', [lossy]), tunnel('b', [GOOD])])[0]).toEqual({
      ...{ tunnel: 'a', usable: true, degraded: true },
      reason: '169.254.1.1 loses packets',
    });
  });

  it('goes by the SAs where nothing is asked, or nothing is known yet', () => {
    const yes = { usable: true, degraded: false, reason: 'its SAs are up' };
    expect(judgeUsability([tunnel('a', []), tunnel('b', [probe({ state: 'unknown' })])])).toEqual([
      { tunnel: 'a', ...yes },
      { tunnel: 'b', ...yes, silence: 'early' },
    ]);
  });
});
