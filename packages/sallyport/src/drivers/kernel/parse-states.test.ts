/** Output of iproute2 6.1, recorded: a reserved SPI, ESP in UDP over IPv6, and an SA with an interface id. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parsePolicies, parseSpis, parseStates } from './parse-states.ts';

const recorded = readFileSync(
  join(import.meta.dirname, 'testdata', 'ip-6.1-xfrm-state.txt'),
  'utf8',
);

describe('parseSpis', () => {
  it('finds installed SAs, and none whose SPI is only reserved', () => {
    expect([...parseSpis(recorded)].sort()).toEqual(['00000101', 'c0ffee01']);
  });

  it.each(['', '\n', 'src', 'src a dst b\n\tproto esp spi', 'Error: talking to the kernel'])(
    'finds none in "%s"',
    (text) => {
      expect(parseSpis(text).size).toBe(0);
    },
  );
});

describe('parseStates', () => {
  it('finds every SA and reserved SPI, with its interface id', () => {
    expect(
      parseStates(recorded).map(({ protocol, spi, interfaceId }) => [protocol, spi, interfaceId]),
    ).toMatchInlineSnapshot(`
      [
        [
          "esp",
          "caaaaaab",
          0,
        ],
        [
          "esp",
          "c0ffee01",
          0,
        ],
        [
          "esp",
          "00000101",
          42,
        ],
      ]
    `);
  });

  it.each(['', 'src', 'src a dst b', 'src a dst b\n\tproto esp'])('finds none in "%s"', (text) => {
    expect(parseStates(text)).toEqual([]);
    expect(parsePolicies(text)).toEqual([]);
  });
});

describe('parsePolicies', () => {
  it('finds direction, number and interface id', () => {
    expect(
      parsePolicies(`src 10.1.0.0/24 dst 10.2.0.0/24 uid 0
\tdir out action allow index 97 priority 375423 share any flag  (0x00000000)
\ttmpl src 192.0.2.1 dst 192.0.2.2
\t\tproto esp spi 0xc1234567(3240314215) reqid 1(0x00000001) mode tunnel
\tif_id 0x2a
src 10.9.0.0/24 dst 10.2.0.0/24 uid 0
\tdir fwd action allow index 106 priority 0 share any flag  (0x00000000)
`),
    ).toEqual([
      { direction: 'out', index: 97, interfaceId: 42 },
      { direction: 'fwd', index: 106, interfaceId: 0 },
    ]);
  });
});
