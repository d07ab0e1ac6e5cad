import { describe, expect, it } from 'vitest';
import { moved, seen, subject, tunnel } from '../testing/subjects.ts';
import { judgeCounters, judgeRefused } from './judge-counters.ts';
import type { Subject } from './judgement.ts';

const grown = (name: string, base: Subject = subject): Subject => ({
  ...base,
  evidence: {
    ...base.evidence,
    xfrm: { before: new Map([[name, 5]]), after: new Map([[name, 9]]) },
  },
});
const found = (base: Subject): string[] => judgeCounters(base).findings.map(({ code }) => code);

describe('judgeCounters', () => {
  it('takes old figures for old', () => {
    expect(judgeCounters(subject)).toEqual({ findings: [], proofs: [], unseen: [] });
  });

  it.each([
    { name: 'XfrmInNoStates', base: subject, code: 'path/unknown-spi' },
    { name: 'XfrmInStateProtoError', base: subject, code: 'path/damaged' },
    { name: 'XfrmInStateSeqError', base: moved(3, 3), code: 'path/replayed' },
    { name: 'XfrmInTmplMismatch', base: moved(3, 0), code: 'path/template-mismatch' },
    { name: 'XfrmInNoPols', base: moved(3, 0), code: 'path/no-inbound-policy' },
    { name: 'XfrmInPolBlock', base: subject, code: 'path/policy-blocks' },
    { name: 'XfrmOutPolBlock', base: subject, code: 'path/policy-blocks' },
    { name: 'XfrmOutNoStates', base: subject, code: 'path/no-outbound-state' },
  ])('$name that grows is $code', ({ name, base, code }) => {
    const { findings } = judgeCounters(grown(name, base));
    expect(findings.map((finding) => finding.code)).toEqual([code]);
    expect(findings[0]?.evidence).toEqual([`${name} of this host grew by 4 while we looked`]);
  });

  it('says in which network namespace it grew', () => {
    const inShard = { ...grown('XfrmInNoStates'), tunnel: { ...tunnel, shard: 'ike2' } };
    expect(judgeCounters(inShard).findings[0]?.evidence).toEqual([
      'XfrmInNoStates of network namespace ike2 grew by 4 while we looked',
    ]);
  });

  it.each([
    { name: 'XfrmInNoStates', base: moved(3, 3), what: 'gets its packets' },
    { name: 'XfrmInNoPols', base: moved(0, 3), what: 'gets none' },
    { name: 'XfrmOutNoStates', base: moved(0, 3), what: 'sends' },
  ])('$name of other tunnels is no cause of one that $what', ({ name, base }) => {
    expect(found(grown(name, base))).toEqual([]);
  });

  it('blames nothing where the target answers', () => {
    const probe = { target: 'a', source: 'b', pings: [{ bytes: 84, sent: 3, received: 1 }] };
    expect(found(grown('XfrmInNoStates', seen({ probe })))).toEqual([]);
  });

  it('knows packets that no SA takes by the interface', () => {
    const base = seen({ refusedByPolicy: { before: 1, after: 4 } });
    const { findings } = judgeRefused(base);
    expect(findings.map(({ code }) => code)).toEqual(['path/outside-selectors']);
    expect(findings[0]?.hint).toContain('10.10.0.0/16 <-> 10.20.0.0/16');
    const down = { ...subject.after, state: 'down' as const };
    expect(judgeRefused({ ...base, after: down }).findings).toEqual([]);
    expect(judgeRefused(subject).findings).toEqual([]);
    const { refusedByPolicy: _, ...rest } = subject.evidence;
    expect(judgeRefused({ ...subject, evidence: rest }).findings).toEqual([]);
  });

  it('says what is not to be seen of user space', () => {
    const userspace = { ...tunnel, dataPlane: 'userspace' as const };
    const { findings, unseen } = judgeCounters({ ...grown('XfrmInNoStates'), tunnel: userspace });
    expect(findings).toEqual([]);
    expect(unseen).toEqual([expect.stringContaining('in user space')]);
  });

  it('says nothing where the kernel counts nothing', () => {
    const { xfrm: _, ...rest } = subject.evidence;
    expect(found({ ...subject, evidence: rest })).toEqual([]);
  });
});
