import { describe, expect, it } from 'vitest';
import { outranks } from './cause-rank.ts';
import type { CauseCode } from './cause-texts.ts';
import type { Diagnosis } from './diagnosis.ts';

describe('outranks', () => {
  const diagnosis = (code: CauseCode, isSpecific = true): Diagnosis => ({
    code,
    named: [],
    isSpecific,
  });

  it('keeps the reason when the verdict follows', () => {
    expect(outranks(diagnosis('ike/peer-deleted'), diagnosis('ike/wrong-psk'))).toBe(false);
    expect(outranks(diagnosis('child/failed'), diagnosis('child/selectors-refused'))).toBe(false);
    expect(outranks(diagnosis('ike/wrong-identity', false), diagnosis('ike/wrong-psk'))).toBe(
      false,
    );
    expect(outranks(diagnosis('ike/authentication-refused'), diagnosis('ike/wrong-psk'))).toBe(
      false,
    );
  });

  it('takes whatever is heard of a peer that was silent before', () => {
    const silent = diagnosis('ike/no-answer');
    expect(outranks(diagnosis('ike/authentication-refused'), silent)).toBe(true);
    expect(outranks(diagnosis('ike/wrong-identity', false), silent)).toBe(true);
  });

  it('takes the later of two verdicts: the peer was changed in between', () => {
    const before = diagnosis('ike/no-common-proposal');
    expect(outranks(diagnosis('ike/authentication-refused'), before)).toBe(true);
  });

  it('takes the later of two reasons', () => {
    expect(outranks(diagnosis('ike/wrong-identity'), diagnosis('ike/wrong-psk'))).toBe(true);
    expect(outranks(diagnosis('ike/authentication-refused'), diagnosis('child/failed'))).toBe(true);
  });
});
