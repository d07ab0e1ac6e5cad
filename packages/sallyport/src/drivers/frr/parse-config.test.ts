import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseBfdConfig, parseBgpConfig, parseVersion, parseZebraConfig } from './parse-config.ts';

function printed(name: string): string {
  return readFileSync(new URL(`testdata/frr-8.4.4-${name}`, import.meta.url), 'utf8');
}

describe('a running configuration of bgpd', () => {
  const text = printed('bgpd.conf');
  const config = parseBgpConfig(text);

  it('has neighbours with their families', () => {
    expect([...(config.router?.neighbors.keys() ?? [])]).toEqual(['169.254.10.1', '2001:db8:a::1']);
    const neighbor = config.router?.neighbors.get('169.254.10.1');
    expect(neighbor?.settings.get('description')).toBe('default/stranger/a');
    expect(neighbor?.settings.get('bfd profile')).toBe('sp-300x3');
    expect(neighbor?.families.get(6)?.get('route-map in')).toBe('sp-169.254.10.1-v6-in');
  });

  it('gives no password away', () => {
    expect(text).toContain('password word-of-the-lab');
    expect(config.router?.neighbors.get('169.254.10.1')?.settings.get('password')).toBe('f00d');
    expect(
      JSON.stringify(config, (_, value: unknown) => (value instanceof Map ? [...value] : value)),
    ).not.toContain('word-of-the-lab');
  });

  it('tells its version', () => {
    expect(parseVersion(text)).toBe('8.4.4');
    expect(parseVersion('')).toBe('unknown');
  });

  it('has families that are not ours, which are left alone', () => {
    const other = text.replace(
      ' address-family ipv4 unicast\n',
      ' address-family l2vpn evpn\n  neighbor 169.254.10.1 activate\n  advertise-all-vni\n exit-address-family\n !\n address-family ipv4 unicast\n',
    );
    expect(parseBgpConfig(other)).toEqual(config);
  });

  it('that is no configuration is an empty one', () => {
    expect(parseBgpConfig('% Unknown command\n')).toEqual(parseBgpConfig(''));
    expect(parseBgpConfig('').router).toBeUndefined();
  });
});

it('a running configuration of zebra has the sources of routes', () => {
  const settings = new Map([['set src', '10.20.0.11']]);
  expect(parseZebraConfig(printed('zebra.conf'))).toEqual({
    routeMaps: new Map([
      ['sp-from-10.20.0.11', new Map([[10, { action: 'permit', settings }]])],
      ['sp-from-2001:db8:20::11', new Map([[10, { action: 'permit', settings: new Map() }]])],
    ]),
    protocols: new Map([
      ['ip protocol bgp route-map', 'sp-from-10.20.0.11'],
      ['ipv6 protocol bgp route-map', 'sp-from-2001:db8:20::11'],
    ]),
  });
  expect(parseZebraConfig('')).toEqual({ routeMaps: new Map(), protocols: new Map() });
});

it('a running configuration of bfdd has profiles, with what it does not print', () => {
  expect([...parseBfdConfig(printed('bfdd.conf'))]).toEqual([
    [
      'sp-300x3',
      new Map([
        ['transmit-interval', '300'],
        ['receive-interval', '300'],
        ['detect-multiplier', '3'],
      ]),
    ],
    [
      'sp-100x3',
      new Map([
        ['transmit-interval', '100'],
        ['receive-interval', '100'],
        ['detect-multiplier', '3'],
      ]),
    ],
  ]);
  expect(parseBfdConfig('').size).toBe(0);
});
