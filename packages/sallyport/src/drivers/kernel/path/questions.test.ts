import { describe, expect, it } from 'vitest';
import { tunnel } from '../../../status/testing/subjects.ts';
import { arrivalFrom, firstHost, holds, ownAddressIn, questionsOf } from './questions.ts';

const own = [
  { address: '10.10.0.1', length: 24, interface: 'lan' },
  { address: '192.0.2.10', length: 24, interface: 'wan' },
  { address: '10.11.0.1', length: 32, interface: 'lo' },
  { address: '10.11.7.1', length: 24, interface: 'dmz' },
];

describe('questionsOf', () => {
  it('asks for the first host of each remote network, from networks of its family', () => {
    const children = [
      { name: 'v4', localSelectors: ['10.10.0.0/16'], remoteSelectors: ['10.20.0.0/16'] },
      { name: 'v6', localSelectors: ['fd10::/48', '10.0.0.0/8'], remoteSelectors: ['fd20::/48'] },
    ];
    expect(questionsOf({ ...tunnel, children })).toEqual([
      {
        ...{ prefix: '10.20.0.0/16', address: '10.20.0.1', family: 4 },
        localPrefixes: ['10.10.0.0/16'],
      },
      { prefix: 'fd20::/48', address: 'fd20::1', family: 6, localPrefixes: ['fd10::/48'] },
    ]);
  });

  it('asks for the target alone where one is given', () => {
    const [child] = tunnel.children;
    const children = [{ ...child, remoteSelectors: ['10.20.0.0/24', '10.30.0.0/24'] }];
    const wide = { ...tunnel, children } as typeof tunnel;
    expect(questionsOf(wide, '10.30.0.7').map(({ address }) => address)).toEqual(['10.30.0.7']);
    expect(questionsOf(wide, '10.40.0.7')).toEqual([]);
  });

  it('asks of a thousand networks for a few', () => {
    const remoteSelectors = Array.from(
      { length: 1_000 },
      (_, index) => `10.${index >> 8}.${index & 255}.0/24`,
    );
    const children = [{ name: 'v4', localSelectors: ['172.16.0.0/16'], remoteSelectors }];
    expect(questionsOf({ ...tunnel, children })).toHaveLength(8);
    const localSelectors = remoteSelectors.map((prefix) => prefix.replace('10.', '11.'));
    const both = [{ name: 'v4', localSelectors, remoteSelectors }];
    expect(questionsOf({ ...tunnel, children: both })[0]?.localPrefixes).toHaveLength(4);
  });

  it('asks for nothing where a selector is no network', () => {
    const children = [{ name: 'v4', localSelectors: [], remoteSelectors: ['dynamic'] }];
    expect(questionsOf({ ...tunnel, children })).toEqual([]);
  });
});

describe('firstHost', () => {
  it.each([
    ['10.10.0.0/16', '10.10.0.2'],
    ['10.10.0.1/32', undefined],
    ['10.10.0.0/31', '10.10.0.0'],
    ['192.0.2.0/24', '192.0.2.1'],
    ['fd01::/64', 'fd01::1'],
    ['fd01::5/128', 'fd01::5'],
    ['nothing', undefined],
  ])('of %s is %s', (prefix, address) => {
    expect(firstHost(prefix, own)).toBe(address);
  });
});

it('finds an address of the host inside a network', () => {
  expect(ownAddressIn(['172.16.0.0/12', '10.10.0.0/16'], own)?.interface).toBe('lan');
  expect(ownAddressIn(['10.12.0.0/16'], own)).toBeUndefined();
  expect([holds('10.0.0.0/8', '10.1.2.3'), holds('x', '10.1.2.3'), holds('::/0', 'x')]).toEqual([
    true,
    false,
    false,
  ]);
});

describe('arrivalFrom', () => {
  it.each([
    { prefix: '10.10.0.0/16', arrival: { address: '10.10.0.2', interface: 'lan' } },
    // Not 10.0.0.1, which no interface of ours reaches.
    { prefix: '10.0.0.0/8', arrival: { address: '10.10.0.2', interface: 'lan' } },
    { prefix: '10.10.0.0/30', arrival: { address: '10.10.0.2', interface: 'lan' } },
    // An address on lo has no hosts beside it.
    { prefix: '10.11.0.0/16', arrival: { address: '10.11.7.2', interface: 'dmz' } },
    { prefix: '10.12.0.0/16', arrival: undefined },
    { prefix: 'fd10::/64', arrival: undefined },
    { prefix: 'dynamic', arrival: undefined },
  ])('of $prefix is $arrival', ({ prefix, arrival }) => {
    expect(arrivalFrom(prefix, own)).toEqual(arrival);
  });
});
