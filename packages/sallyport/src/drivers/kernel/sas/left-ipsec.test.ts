import { describe, expect, it } from 'vitest';
import { findLeft, type IpsecKnown, NOTHING_KNOWN } from './left-ipsec.ts';
import type { KernelPolicy, KernelState } from './parse-states.ts';

const OURS = 0x83000001;
const FOREIGN = 8_300;

const state = (spi: string, reqid: number, isInstalled = true): KernelState => ({
  ...{ source: '192.0.2.1', destination: '192.0.2.2', protocol: 'esp', spi },
  ...{ reqid, interfaceId: 0, isInstalled },
});
const policy = (index: number, reqid: number): KernelPolicy => ({
  ...{ direction: 'out', index, reqid, interfaceId: 0 },
});
const known = (more: Partial<IpsecKnown>): IpsecKnown => ({ ...NOTHING_KNOWN, ...more });
const nothing = { unwanted: { states: [], policies: [] }, replaced: [] };

describe('findLeft', () => {
  const kernel = {
    states: [state('c1', OURS), state('c2', FOREIGN), state('c3', OURS, false)],
    policies: [policy(1, OURS), policy(2, FOREIGN)],
  };

  it('finds what nobody knows or plans, and nothing of others and nothing that is only reserved', () => {
    expect(findLeft(kernel, NOTHING_KNOWN)).toEqual({
      unwanted: { states: [state('c1', OURS)], policies: [policy(1, OURS)] },
      replaced: [],
    });
  });

  it('leaves what the daemon knows, planned or not', () => {
    const knows = known({ spis: new Set(['c1']), reqids: new Set([OURS]) });
    expect(findLeft(kernel, knows)).toEqual(nothing);
  });

  it('leaves what carries the packets of a tunnel that is not up again', () => {
    expect(findLeft(kernel, known({ planned: new Set([OURS]) }))).toEqual(nothing);
  });

  it('finds what another SA carries by now, but not its policies: both share them', () => {
    const up = known({
      spis: new Set(['d1']),
      reqids: new Set([OURS]),
      installed: new Set([OURS]),
      planned: new Set([OURS]),
    });
    expect(findLeft(kernel, up)).toEqual({ ...nothing, replaced: [state('c1', OURS)] });
  });
});
