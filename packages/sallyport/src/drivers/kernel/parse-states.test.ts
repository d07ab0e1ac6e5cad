/** Output of iproute2 6.1, recorded: a reserved SPI, ESP in UDP over IPv6, and an SA with an interface id. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSpis } from './parse-states.ts';

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
