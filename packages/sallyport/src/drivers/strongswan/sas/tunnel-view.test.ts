import { describe, expect, it } from 'vitest';
import type { SaOrigins } from '../state.ts';
import { type FakeSa, fakeSa } from '../testing/sas.ts';
import { pskTunnel } from '../testing/tunnels.ts';
import { isOutdated, isSettled, type SaFacts } from './tunnel-view.ts';

const { name } = pskTunnel;
const both = [
  { name: 'v4', uniqueId: '7' },
  { name: 'v6', uniqueId: '8' },
];
const full: FakeSa = { name, uniqueId: '1', children: both };
const fresh: FakeSa = {
  name,
  uniqueId: '2',
  children: [
    { name: 'v4', uniqueId: '9' },
    { name: 'v6', uniqueId: '10' },
  ],
};

const none: SaFacts = { origins: { ike: new Map(), children: new Map() }, lost: new Set() };
const older = (origins: Partial<SaOrigins>): SaFacts => ({
  ...none,
  origins: { ...none.origins, ...origins },
});
const olderIke = older({ ike: new Map([['1', 'older']]) });
const olderChild = older({ children: new Map([['7', { hash: 'older', ike: '1', name: 'v4' }]]) });

const CASES: readonly {
  readonly what: string;
  readonly sas: readonly FakeSa[];
  readonly known?: SaFacts;
  readonly settled: boolean;
  readonly outdated: boolean;
}[] = [
  { what: 'no SA', sas: [], settled: false, outdated: false },
  { what: 'every child, made with this plan', sas: [full], settled: true, outdated: false },
  {
    what: 'one child of two',
    sas: [{ ...full, children: both.slice(1) }],
    settled: false,
    outdated: false,
  },
  {
    what: 'an IKE SA of an older plan',
    sas: [full],
    known: olderIke,
    settled: false,
    outdated: true,
  },
  {
    what: 'the old IKE SA beside the new one',
    sas: [full, fresh],
    known: olderIke,
    settled: true,
    outdated: true,
  },
  {
    what: 'a Child SA of an older plan',
    sas: [full],
    known: olderChild,
    settled: false,
    outdated: true,
  },
  {
    what: 'a Child SA that the kernel has lost',
    sas: [full],
    known: { ...none, lost: new Set(['8']) },
    settled: false,
    outdated: false,
  },
  {
    what: 'an old IKE SA that is ending already',
    sas: [{ ...full, state: 'DELETING' }, fresh],
    known: olderIke,
    settled: true,
    outdated: false,
  },
  {
    what: 'SAs of another tunnel only',
    sas: [{ ...full, name: 'sp.default.other.main' }],
    known: olderIke,
    settled: false,
    outdated: false,
  },
];

describe('a tunnel with', () => {
  it.each(CASES)(
    '$what is settled: $settled, carries something old: $outdated',
    ({ sas, known = none, settled, outdated }) => {
      const list = sas.map(fakeSa);
      expect(isSettled(pskTunnel, list, known)).toBe(settled);
      expect(isOutdated(pskTunnel, list, known)).toBe(outdated);
    },
  );
});
