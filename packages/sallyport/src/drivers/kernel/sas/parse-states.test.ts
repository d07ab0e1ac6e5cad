/**
 * Output of iproute2 6.1, recorded. SAs: a reserved SPI, ESP in UDP over IPv6, and one with an interface
 * id. Policies: three of an XFRM interface, three of a VTI.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parsePackets, parsePolicies, parseStates } from './parse-states.ts';

const recorded = (what: string): string =>
  readFileSync(join(import.meta.dirname, '..', 'testdata', `ip-6.1-xfrm-${what}.txt`), 'utf8');

const NONSENSE = ['', '\n', 'src', 'src a dst b\n\tproto esp spi', 'Error: talking to the kernel'];

describe('parseStates', () => {
  it('tells what is needed to name an SA, and whether its SPI is only reserved', () => {
    const states = parseStates(recorded('state'));
    expect(states.map(({ spi, isInstalled, reqid }) => [spi, isInstalled, reqid])).toEqual([
      ['caaaaaab', false, 0],
      ['c0ffee01', true, 1],
      ['00000101', true, 1],
    ]);
    expect(states[2]).toMatchObject({ protocol: 'esp', interfaceId: expect.any(Number) as number });
  });

  it.each(NONSENSE)('finds none in "%s"', (text) => {
    expect(parseStates(text)).toEqual([]);
  });
});

describe('parsePolicies', () => {
  it('tells direction, index, reqid, and interface id or mark', () => {
    const common = { reqid: 1, interfaceId: 0xebb9e5eb };
    const ofVti = { reqid: 2, interfaceId: 0, mark: '0xebb9e5eb/0xffffffff' };
    expect(parsePolicies(recorded('policy'))).toEqual([
      { direction: 'out', index: 81, ...common },
      { direction: 'fwd', index: 74, ...common },
      { direction: 'in', index: 64, ...common },
      { direction: 'out', index: 105, ...ofVti },
      { direction: 'fwd', index: 98, ...ofVti },
      { direction: 'in', index: 88, ...ofVti },
    ]);
  });

  it.each(NONSENSE)('finds none in "%s"', (text) => {
    expect(parsePolicies(text)).toEqual([]);
  });
});

describe('parsePackets', () => {
  it('counts by SA, also where two receivers have chosen one SPI', () => {
    const block = (spi: string, packets: number, destination = '192.0.2.2'): string =>
      `src 192.0.2.1 dst ${destination}\n\tproto esp spi 0x${spi}(1) reqid 1(0x00000001) mode tunnel\n\tlifetime current:\n\t  840(bytes), ${String(packets)}(packets)\n\t  add 2026-01-01 00:00:00 use -\n`;
    const text = `${block('00000101', 10)}${block('00000102', 0)}${block('00000101', 7, '192.0.2.3')}src a dst b\n`;
    expect([...parsePackets(text)]).toEqual([
      ['esp 00000101 to 192.0.2.2', 10],
      ['esp 00000102 to 192.0.2.2', 0],
      ['esp 00000101 to 192.0.2.3', 7],
    ]);
  });
});
