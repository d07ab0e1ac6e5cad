import { describe, expect, it } from 'vitest';
import { planWorld } from '../../plan/testing/plan-world.ts';
import { WORLDS } from '../../plan/testing/worlds.ts';
import { ALL, TOLD, UNTOLD } from '../extent.ts';
import { loadedToLookAt } from './loaded-look.ts';

const { plan } = planWorld(WORLDS['two shards beside the host'] ?? { text: '' });
const [gone, ...rest] = plan.tunnels;
const other = { ...plan, revision: 'another', tunnels: rest };
const changed = new Set([gone?.name]);

describe('loadedToLookAt', () => {
  it.each([
    ['all where nothing is known', undefined, TOLD, 'all'],
    ['all where all is to be looked at', plan, ALL, 'all'],
    ['all of the same plan', plan, UNTOLD, 'all'],
    ['nothing of the same plan after an event', plan, TOLD, undefined],
    ['all where all is to be looked at under another plan', other, ALL, 'all'],
    ['what another plan changes', other, UNTOLD, changed],
    ['what another plan changes, also after an event', other, TOLD, changed],
    ['what another plan changes, also for every SA', other, { ...TOLD, sas: true }, changed],
  ] as const)('%s', (_, last, extent, expected) => {
    expect(loadedToLookAt(plan, extent, last)).toEqual(expected);
  });
});
