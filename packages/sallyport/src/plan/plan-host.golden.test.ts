/** Whole plans, as a network engineer reads them and as drivers get them. Read them when they change. */
import { describe, expect, it } from 'vitest';
import { NO_FACTS } from '../model/facts.ts';
import { judge, secondHost, twoSites } from '../model/testing.ts';
import { describePlan } from './describe.ts';
import { planHosts } from './plan-host.ts';
import { planWorld } from './testing/plan-world.ts';
import { WORLDS } from './testing/worlds.ts';

describe('the plan of a world with', () => {
  it.each(Object.entries(WORLDS))('%s', async (name, world) => {
    const { plan, problems } = planWorld(world);
    const file = `testdata/${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    await expect(describePlan(plan)).toMatchFileSnapshot(`${file}.txt`);
    const { revision: _, ...content } = plan;
    await expect(`${JSON.stringify(content, undefined, 2)}\n`).toMatchFileSnapshot(`${file}.json`);
  });
});

describe('planHosts', () => {
  it('has a plan for each declared host, by name; one without tunnels has an empty one', () => {
    const { objects } = judge(twoSites + secondHost);
    const plans = planHosts(objects, NO_FACTS).map(({ plan }) => plan);
    expect(plans.map(({ host, tunnels }) => [host, tunnels.length])).toEqual([
      ['gw1', 1],
      ['gw2', 0],
    ]);
  });
});
