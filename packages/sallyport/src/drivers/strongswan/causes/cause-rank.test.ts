import { describe, expect, it } from 'vitest';
import { outranks } from './cause-rank.ts';
import type { CauseCode } from './cause-texts.ts';
import type { Finding } from './finding.ts';

describe('outranks', () => {
  const finding = (code: CauseCode, isSpecific = true): Finding => ({
    code,
    named: [],
    isSpecific,
  });

  it('keeps the reason when the verdict follows', () => {
    expect(outranks(finding('ike/peer-deleted'), finding('ike/wrong-psk'))).toBe(false);
    expect(outranks(finding('child/failed'), finding('child/selectors-refused'))).toBe(false);
    expect(outranks(finding('ike/wrong-identity', false), finding('ike/wrong-psk'))).toBe(false);
    expect(outranks(finding('ike/authentication-refused'), finding('ike/wrong-psk'))).toBe(false);
  });

  it('takes whatever is heard of a peer that was silent before', () => {
    const silent = finding('ike/no-answer');
    expect(outranks(finding('ike/authentication-refused'), silent)).toBe(true);
    expect(outranks(finding('ike/wrong-identity', false), silent)).toBe(true);
  });

  it('takes the later of two verdicts: the peer was changed in between', () => {
    const before = finding('ike/no-common-proposal');
    expect(outranks(finding('ike/authentication-refused'), before)).toBe(true);
  });

  it('takes the later of two reasons', () => {
    expect(outranks(finding('ike/wrong-identity'), finding('ike/wrong-psk'))).toBe(true);
    expect(outranks(finding('ike/authentication-refused'), finding('child/failed'))).toBe(true);
  });
});
