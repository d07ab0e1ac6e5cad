import { expect, it } from 'vitest';
import { describeNode } from './describe-node.ts';
import type { NodeGatewayPlan } from './node-plan.ts';

const gateway: NodeGatewayPlan = { host: 'gw1', hops: ['10.0.0.1'], weight: 1, speakers: [] };

it.each([
  [
    'a node without an address that is known',
    [gateway],
    [],
    'the host itself has no address that the other sites know: what it begins is not answered',
  ],
  ['a node', [gateway], ['10.0.0.11'], 'the host itself sends from 10.0.0.11'],
  ['a gateway', [], [], 'all of it in table 8300, looked up at priority 8300'],
])('what %s sends from', (_what, gateways, sources, line) => {
  expect(describeNode({ gateways, ways: [], sources }).at(-1)).toBe(line);
});
