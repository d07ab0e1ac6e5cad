import { describe, expect, it } from 'vitest';
import { fpingArguments, longestSilence, parseAnswer, parseRefusal } from './fping-lines.ts';
import type { Asking } from './prober.ts';

const ASKING: Asking = {
  method: 'icmp',
  interface: 'spa',
  source: '169.254.1.2',
  intervalMilliseconds: 100,
};

describe('fping', () => {
  it('is told where to send from, at what pace, and to wait for long ways', () => {
    const words = fpingArguments(ASKING, ['169.254.1.1', '10.2.0.9']).join(' ');
    expect(words).toBe('-l -p 100 -i 1 -t 2000 -I spa -S 169.254.1.2 -O 0xc0 169.254.1.1 10.2.0.9');
    expect(fpingArguments({ ...ASKING, intervalMilliseconds: 10_000 }, [])).toContain('10000');
    expect(longestSilence(ASKING)).toBe(2_300);
  });

  // As 5.1 prints them.
  it.each([
    ['10.9.0.2 : [7], 64 bytes, 0.046 ms (0.067 avg, 0% loss)', '10.9.0.2', 7, 0.046],
    ['::1         : [0], 64 bytes, 0.057 ms (0.057 avg, 0% loss)', '::1', 0, 0.057],
    ['10.9.0.2 : [12], 64 bytes, 250 ms (250 avg, 33% loss)', '10.9.0.2', 12, 250],
    ['10.9.0.2 : [12], 64 bytes, 1.25e+03 ms (1.25e+03 avg, 0% loss)', '10.9.0.2', 12, 1_250],
  ])('answers: %s', (line, target, number, roundTripMilliseconds) => {
    expect(parseAnswer(line)).toEqual({ target, number, roundTripMilliseconds });
  });

  it.each([
    '10.9.0.2  : [3], timed out (NaN avg, 100% loss)',
    '10.9.0.2 : xmt/rcv/%loss = 31/10/67%, min/avg/max = 0.032/0.045/0.076',
    '10.9.0.2 : [3], 64 bytes, -3.6e+06 ms (0.1 avg, 0% loss)',
    '10.9.0.2 : [3], 64 bytes, 1.2.3 ms (0.1 avg, 0% loss)',
    '10.9.0.2 : [99999999999], 64 bytes, 0.1 ms (0.1 avg, 0% loss)',
    '10.9.0.2 : [3], 64 by10.9.0.3 : [3], 64 bytes, 0.1 ms',
    '',
    '\u0000\uFFFD',
  ])('says nothing of use: %j', (line) => {
    expect(parseAnswer(line)).toBeUndefined();
  });

  it('passes on what a router refuses', () => {
    const from = 'ICMP Unreachable (Communication Administratively Prohibited) from 10.9.0.2';
    expect(parseRefusal(`${from} for ICMP Echo sent to 10.9.1.1`)).toEqual({
      target: '10.9.1.1',
      remark: from,
    });
    expect(parseRefusal('fping: cannot bind source address')).toBeUndefined();
  });
});
