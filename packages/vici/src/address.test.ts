import { expect, test } from 'vitest';
import { parseAddress } from './address.ts';
import { ViciInvalidInput } from './errors.ts';

test.each([
  ['/run/charon.vici', { path: '/run/charon.vici' }],
  ['unix:///run/charon.vici', { path: '/run/charon.vici' }],
  ['tcp://127.0.0.1:4502', { host: '127.0.0.1', port: 4502 }],
  ['tcp://charon.example:4502', { host: 'charon.example', port: 4502 }],
  ['tcp://[2001:db8::1]:4502', { host: '2001:db8::1', port: 4502 }],
])('%s is understood', (text, address) => {
  expect(parseAddress(text)).toEqual(address);
});

test.each([
  '',
  'charon.vici',
  'unix://',
  'tcp://host',
  'tcp://host:0',
  'tcp://host:65536',
  'tcp://2001:db8::1:4502',
  'http://host:1',
])('"%s" is refused', (text) => {
  expect(() => parseAddress(text)).toThrow(ViciInvalidInput);
});
