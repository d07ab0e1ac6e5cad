import { expect, it } from 'vitest';
import { judge, twoSites, vary } from '../model/testing.ts';
import { planHost } from './plan-host.ts';

const signed = vary(
  twoSites,
  ['networks: [10.10.0.0/16,', 'bgp: {asn: 65010}\n  networks: [10.10.0.0/16,'],
  [
    '- remote: {address: 198.51.100.20}',
    '- {remote: {address: 198.51.100.20}, inside: [{local: 169.254.10.2/30, remote: 169.254.10.1}]}',
  ],
  [
    "routing: {static: {networks: [10.20.0.0/16, 'fd20::/48']}}",
    'routing: {bgp: {asn: 65020, accept: [10.20.0.0/16], password: a-psk}}',
  ],
);

function codes(text: string, canSignTcp?: boolean): string[] {
  const host = { host: 'gw1', dataPlanes: ['xfrm-interface'], underlayMtuBytes: 1500 } as const;
  const can = canSignTcp === undefined ? {} : { canSignTcp };
  const facts = { hosts: [{ ...host, ...can }], secrets: [] };
  const { objects, problems } = judge(text, facts);
  return [...problems, ...planHost(objects, 'gw1', facts).problems]
    .filter(({ severity }) => severity === 'error')
    .map(({ code, path, value }) => `${code} ${path} ${value}`);
}

it.each([
  ['that cannot sign TCP', signed, false, ['plan/no-tcp-md5 spec.routing.bgp.password a-psk']],
  ['that can', signed, true, []],
  ['that does not tell', signed, undefined, []],
  ['that cannot, where nobody wants it', vary(signed, [', password: a-psk', '']), false, []],
])('a kernel %s', (_what, text, canSignTcp, expected) => {
  expect(codes(text, canSignTcp)).toEqual(expected);
});
