import { describe, expect, it, vi } from 'vitest';
import { judge, secondHost, twoSites, vary } from '../model/testing.ts';
import { UsageError } from './io.ts';
import { findThisHost, mustFindThisHost } from './this-host.ts';

const machine = vi.hoisted(() => ({ name: '', addresses: [] as string[] }));
vi.mock(import('node:os'), async (importOriginal) => ({
  ...(await importOriginal()),
  hostname: () => machine.name,
  // Only the addresses are looked at.
  networkInterfaces: () => ({
    lo: [{ address: '127.0.0.1' }] as never,
    eth0: machine.addresses.map((address) => ({ address })) as never,
  }),
}));

/** `gw1` has 192.0.2.10 and 2001:db8:1::10, `gw2` has 192.0.2.11. */
const { objects } = judge(`${twoSites}${secondHost}`);

function onMachine(name: string, ...addresses: string[]): void {
  machine.name = name;
  machine.addresses = addresses;
}

describe('findThisHost', () => {
  it.each([
    { what: 'an IPv4 address', addresses: ['10.0.0.1', '192.0.2.11'], name: 'x', host: 'gw2' },
    { what: 'an IPv6 address', addresses: ['2001:db8:1::10'], name: 'x', host: 'gw1' },
    { what: 'an address before its name', addresses: ['192.0.2.11'], name: 'gw1', host: 'gw2' },
    { what: 'its name', addresses: [], name: 'gw1', host: 'gw1' },
    { what: 'its name in a domain', addresses: [], name: 'gw2.example.net', host: 'gw2' },
    {
      what: 'its name where two Hosts have its addresses',
      addresses: ['192.0.2.10', '192.0.2.11'],
      name: 'gw2',
      host: 'gw2',
    },
    { what: 'nothing', addresses: ['192.0.2.99'], name: 'other', host: undefined },
  ])('knows the machine by $what', ({ addresses, name, host }) => {
    onMachine(name, ...addresses);
    expect(findThisHost(objects)).toBe(host);
  });

  it('does not mind how an IPv6 address is written', () => {
    onMachine('x', '2001:db8:1::10');
    const written = vary(twoSites, ['2001:db8:1::10', '2001:0DB8:1:0::10']);
    expect(findThisHost(judge(written).objects)).toBe('gw1');
  });

  it('believes the person who names one that is declared', () => {
    onMachine('gw1', '192.0.2.10');
    expect(findThisHost(objects, 'gw2')).toBe('gw2');
    expect(findThisHost(objects, 'gw3')).toBeUndefined();
  });
});

describe('mustFindThisHost', () => {
  it('says what to do where the machine is none of the declared Hosts', () => {
    onMachine('other');
    expect(() => mustFindThisHost(objects)).toThrow(UsageError);
    expect(() => mustFindThisHost(objects)).toThrow(/Hosts \(gw1, gw2\) .*name it with --host/);
    expect(() => mustFindThisHost(judge('').objects)).toThrow(/Hosts \(none\)/);
  });

  it('names the declared ones where the named one is not', () => {
    expect(() => mustFindThisHost(objects, 'gw3')).toThrow(
      'no Host gw3 is declared; declared are: gw1, gw2',
    );
  });

  it('gives the one it found', () => {
    onMachine('gw2');
    expect(mustFindThisHost(objects)).toBe('gw2');
  });
});
