import { describe, expect, it } from 'vitest';
import { seen, subject } from '../testing/subjects.ts';
import type { FirewallStop } from './evidence.ts';
import { judgeFirewall } from './judge-firewall.ts';

const stop: FirewallStop = {
  flow: 'forwarded out',
  packet: '10.10.0.0/16 -> 10.20.0.0/16',
  place: 'table inet filter, chain forward, its policy',
  action: 'drop',
  isCertain: true,
};

describe('judgeFirewall', () => {
  it('proves that nothing is stopped, and nothing where it could not look', () => {
    expect(judgeFirewall(subject).proofs).toEqual([
      'no firewall of this host stops packets of the tunnel',
    ]);
    const { stops: _, ...unseen } = subject.evidence;
    expect(judgeFirewall({ ...subject, evidence: unseen }).proofs).toEqual([]);
  });

  it.each([
    { changed: {}, code: 'path/firewall-drops' },
    { changed: { flow: 'forwarded in' }, code: 'path/firewall-drops' },
    { changed: { flow: 'incoming ESP' }, code: 'path/firewall-drops-outer' },
    { changed: { flow: 'outgoing IKE' }, code: 'path/firewall-drops-outer' },
    { changed: { action: 'translate' }, code: 'path/source-translated' },
  ] as const)('names $changed as $code', ({ changed, code }) => {
    const { findings, proofs } = judgeFirewall(seen({ stops: [{ ...stop, ...changed }] }));
    expect(findings.map((finding) => finding.code)).toEqual([code]);
    expect(findings[0]?.message).toContain('table inet filter, chain forward');
    expect(findings[0]?.message).not.toMatch(/[{}]/);
    expect(proofs).toEqual([]);
  });

  it('believes a rule that may match where it has just counted', () => {
    const maybe = { ...stop, isCertain: false };
    const counts = (before: number, after: number): FirewallStop[] => [
      { ...maybe, counted: { before, after } },
    ];
    expect(judgeFirewall(seen({ stops: [maybe] }))).toEqual({
      findings: [],
      proofs: [],
      unseen: [expect.stringContaining('depending on more than its addresses')],
    });
    expect(judgeFirewall(seen({ stops: counts(5, 5) })).findings).toEqual([]);
    expect(judgeFirewall(seen({ stops: counts(5, 9) })).findings[0]?.evidence).toEqual([
      'the rule has counted 9 packets, 4 of them while we looked',
    ]);
  });

  it('only mentions that the other side may not begin', () => {
    const begun: FirewallStop = { ...stop, flow: 'begun by the other side' };
    const { findings, unseen } = judgeFirewall(seen({ stops: [begun] }));
    expect(findings).toEqual([]);
    expect(unseen).toEqual([expect.stringContaining('is dropped until it is an answer')]);
    const both = judgeFirewall(seen({ stops: [begun, { ...stop, flow: 'forwarded in' }] }));
    expect([both.findings.length, both.unseen]).toEqual([1, []]);
  });
});
