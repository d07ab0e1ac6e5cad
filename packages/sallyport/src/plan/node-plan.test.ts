import { describe, expect, it } from 'vitest';
import { type HopPlan, type NodePlan, withoutGateways } from './node-plan.ts';

const hop = (address: string, weight = 1): HopPlan => ({ address, weight });
const planOf = (...hops: HopPlan[]): NodePlan => ({
  ways: [{ prefixes: ['10.20.0.0/16'], hops }],
  sources: [],
});
const weights = (plan: NodePlan): (readonly number[])[] =>
  plan.ways.map(({ hops }) => hops.map(({ weight }) => weight));

describe('withoutGateways', () => {
  it('gives its flows to the others, and keeps its place, whatever the spelling', () => {
    const plan = planOf(hop('fd01::2'), hop('fd01::3', 2));
    expect(weights(withoutGateways(plan, ['FD01:0::3']))).toEqual([[1, 0]]);
  });

  it('leaves the last one, also of its family', () => {
    expect(weights(withoutGateways(planOf(hop('10.0.0.2')), ['10.0.0.2']))).toEqual([[1]]);
    expect(
      weights(withoutGateways(planOf(hop('10.0.0.2'), hop('10.0.0.3', 0)), ['10.0.0.2'])),
    ).toEqual([[1, 0]]);
    const both = planOf(hop('10.0.0.2'), hop('fd01::3'));
    expect(weights(withoutGateways(both, ['10.0.0.2']))).toEqual([[1, 1]]);
    const encapsulation = { interface: 'spvx0', identity: 83 };
    expect(weights(withoutGateways({ ...both, encapsulation }, ['10.0.0.2']))).toEqual([[0, 1]]);
  });

  it('leaves ways in which it has no part', () => {
    const plan = planOf(hop('10.0.0.2'), hop('10.0.0.3'));
    expect(withoutGateways(plan, ['10.0.0.9'])).toEqual(plan);
  });
});
