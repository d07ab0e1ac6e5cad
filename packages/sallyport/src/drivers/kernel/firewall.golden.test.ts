/** The nft script, as it is loaded, and as nft 1.0.6 shows it afterwards (recorded). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectedFirewall, renderFirewall } from './firewall.ts';
import { parseFirewall } from './parse-firewall.ts';
import { type KernelDesired, NOTHING_DESIRED, type Subnet } from './state.ts';
import { desiredOf, everyFirewall, interfaces } from './testing/desired.ts';

const NAMES = [
  'dual-stack inside, IPv4 outside',
  'a peer inside its own network',
  'policies, the best this kernel has',
  'user space, where the kernel has no ESP',
  'no leak guard, own MTU, our host in our network',
] as const;

const SUBNETS: readonly Subnet[] = [
  { prefix: '10.1.0.0/24', interface: 'lan' },
  { prefix: '10.0.0.0/8', interface: 'wide' },
  { prefix: 'fd01::/64', interface: 'lan' },
  { prefix: '192.0.2.0/24', interface: 'wan' },
];

const EVERYTHING = 'everything at once';
const CASES = [
  ...NAMES.map((name) => ({ name, desired: desiredOf(name) })),
  { name: EVERYTHING, desired: everyFirewall },
];

const fileOf = (name: string): string =>
  `firewall-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;

const recorded = (name: string): string =>
  readFileSync(join(import.meta.dirname, 'testdata', `${fileOf(name)}.nft-1.0.6.json`), 'utf8');

describe('the script', () => {
  it.each(CASES)('$name', async ({ name, desired }) => {
    await expect(renderFirewall(desired, SUBNETS)).toMatchFileSnapshot(
      `testdata/${fileOf(name)}.nft`,
    );
  });
});

describe('what nft shows of the firewall', () => {
  it.each(CASES)('equals what was wanted: $name', ({ name, desired }) => {
    expect(parseFirewall(recorded(name))).toBe(expectedFirewall(desired, SUBNETS));
  });

  it('is compared in one spelling of addresses, of which nft has another for some', () => {
    const shown = (element: unknown): string =>
      parseFirewall(JSON.stringify({ nftables: [{ set: { name: 'peers6', elem: [element] } }] }));
    expect(shown('::1.2.3.4')).toBe(shown('::102:304'));
    expect(shown({ prefix: { addr: 'FD20:0::', len: 48 } })).toBe('set peers6 fd20::/48');
    expect(shown({ range: ['fd20::1', 'fd20::9'] })).toContain('range');
  });

  it.each<{ what: string; from: RegExp; to: string }>([
    { what: 'a rule without its comment', from: /"comment": "sallyport/, to: '"comment": "other' },
    { what: 'a set without an element', from: /"10\.20\.0\.0"/, to: '"10.21.0.0"' },
    { what: 'a chain with another policy', from: /"policy": "accept"/, to: '"policy": "drop"' },
    { what: 'a chain at another hook', from: /"hook": "forward"/, to: '"hook": "input"' },
    { what: 'a table that sleeps', from: /("table": \{)/, to: '$1"flags": ["dormant"],' },
  ])('differs for $what', ({ from, to }) => {
    const text = recorded('dual-stack inside, IPv4 outside');
    expect(text).toMatch(from);
    expect(parseFirewall(text.replace(from, to))).not.toBe(expectedFirewall(interfaces, []));
  });

  it('differs for rules in another order', () => {
    const { nftables } = JSON.parse(recorded('dual-stack inside, IPv4 outside')) as {
      nftables: { rule?: { chain: string } }[];
    };
    const text = JSON.stringify({ nftables: nftables.toReversed() });
    expect(parseFirewall(text)).not.toBe(expectedFirewall(interfaces, []));
  });

  it.each(['{}', '[]', '{"nftables": [null, 3, {"rule": 5}, {"set": {"elem": {}}}]}'])(
    'is read without a throw, whatever it is: %s',
    (text) => {
      expect(parseFirewall(text)).not.toBe(expectedFirewall(interfaces, []));
    },
  );
});

describe('relays', () => {
  const withRelays = (...relays: string[]): KernelDesired => ({
    ...interfaces,
    firewall: { ...interfaces.firewall, relays },
  });
  const script = (relay: string): string => renderFirewall(withRelays(relay), SUBNETS);

  it('let packets come in by the interfaces that reach them, of their family only', () => {
    expect(script('10.1.0.3')).toMatch(
      /set relay_links4 \{\n.*\n\t\telements = \{ "lan", "wide" \}/,
    );
    expect(script('10.1.0.3')).not.toMatch(/relay_links6|relays6/);
    expect(script('fd01::3')).toMatch(/set relay_links6 \{\n.*\n\t\telements = \{ "lan" \}/);
  });

  it('that no interface reaches open none', () => {
    expect(script('203.0.113.3')).toContain('rt ip nexthop @relays4 accept');
    expect(script('203.0.113.3')).not.toContain('relay_links');
  });

  it('make another table once another interface reaches them', () => {
    const desired = withRelays('10.1.0.3');
    const by = (name: string): string | undefined =>
      expectedFirewall(desired, [{ prefix: '10.1.0.0/24', interface: name }]);
    expect(by('lan')).not.toBe(by('other'));
    expect(by('lan')).toBe(by('lan'));
  });
});

describe('renderFirewall', () => {
  it('has nothing where nothing is wanted', () => {
    expect(renderFirewall(NOTHING_DESIRED, [])).toBe('');
    expect(expectedFirewall(NOTHING_DESIRED, [])).toBeUndefined();
  });

  it('joins prefixes that overlap, which interval sets refuse', () => {
    const overlapping: KernelDesired = {
      ...interfaces,
      firewall: {
        guarded: ['10.0.0.0/9', '10.0.0.0/8', '10.1.0.0/16'].map((prefix) => ({
          prefix,
          by: 'interface',
        })),
        peers: [],
        clamps: [
          { prefix: '10.0.0.0/9', mssBytes: 1300 },
          { prefix: '10.128.0.0/9', mssBytes: 1300 },
        ],
      },
    };
    const script = renderFirewall(overlapping, []);
    expect(script.match(/elements = \{ 10\.0\.0\.0\/8 \}/g)).toHaveLength(2);
  });
});
