import { describe, expect, it } from 'vitest';
import {
  type Case,
  housePolicy,
  outcome,
  thirdPartner,
  twoSites,
  vary,
  wanted,
} from '../testing.ts';

const CASES: readonly Case[] = [
  {
    name: 'an object declared twice',
    text: twoSites + thirdPartner + thirdPartner,
    expected: {
      code: 'object/duplicate',
      path: 'metadata.name',
      message: 'Connection default/partner-c is already declared in world.yaml:32',
      hint: 'rename or remove one of them',
    },
  },
  {
    name: 'a policy with the name of a built-in one',
    text: twoSites + vary(housePolicy, ['house', 'aws']),
    expected: {
      code: 'crypto-policy/reserved-name',
      path: 'metadata.name',
      value: 'aws',
      hint: 'choose another name',
    },
  },
  {
    name: 'two tunnels of one name',
    text: vary(twoSites, [
      '- remote: {address: 198.51.100.20}',
      '- remote: {address: 198.51.100.20}\n    - remote: {address: 198.51.100.21}',
    ]),
    expected: {
      code: 'tunnel/duplicate-name',
      path: 'spec.tunnels[1].name',
      value: 'main',
      hint: 'give each tunnel a name of its own',
    },
  },
];

describe('checkDuplicates', () => {
  it.each(CASES)('reports $expected.code for $name', (one) => {
    expect(outcome(one)).toEqual(wanted(one));
  });
});
