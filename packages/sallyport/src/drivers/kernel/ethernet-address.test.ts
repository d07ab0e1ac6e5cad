import { expect, it } from 'vitest';
import { ethernetAddress } from './ethernet-address.ts';

it.each([
  ['10.1.0.2', '02:53:0a:01:00:02'],
  ['0.0.0.1', '02:53:00:00:00:01'],
  ['FD01:0::3', '02:53:48:dd:a9:46'],
  ['fd01::3', '02:53:48:dd:a9:46'],
])('of %s is %s', (address, expected) => {
  expect(ethernetAddress(address)).toBe(expected);
});
