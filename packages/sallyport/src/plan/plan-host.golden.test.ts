/** Whole plans, as a network engineer reads them and as drivers get them. Read them when they change. */
import { describe, expect, it } from 'vitest';
import { describePlan } from './describe.ts';
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
