import { expect, it } from 'vitest';
import { interfacesReaching } from './subnets.ts';

const SUBNETS = [
  { prefix: '10.0.0.0/8', interface: 'wide' },
  { prefix: '10.1.0.0/24', interface: 'two' },
  { prefix: '10.1.0.0/24', interface: 'one' },
  { prefix: 'fd01::/64', interface: 'six' },
  { prefix: 'nonsense', interface: 'none' },
];

it.each([
  ['10.1.0.7', ['one', 'two', 'wide']],
  ['10.2.0.7', ['wide']],
  ['fd01::7', ['six']],
  ['192.0.2.7', []],
  ['nonsense', []],
])('%s is reached by %j', (address, expected) => {
  expect(interfacesReaching(address, SUBNETS)).toEqual(expected);
});
