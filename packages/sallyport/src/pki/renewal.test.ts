import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { renewalTime } from './renewal.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-01-01T00:00:00Z');

function fingerprintOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function issuedAt(time: number, name: string, days: number): Parameters<typeof renewalTime>[0] {
  return {
    notBefore: new Date(time).toISOString(),
    notAfter: new Date(time + days * DAY).toISOString(),
    fingerprint: fingerprintOf(`${name} ${time}`),
  };
}

describe('renewalTime', () => {
  it('is at two thirds of the validity, give or take a twentieth of it', () => {
    for (let index = 0; index < 1_000; index += 1) {
      const certificate = issuedAt(START, `gw${index}`, 365);
      const share = (renewalTime(certificate).getTime() - START) / (365 * DAY);
      expect(share).toBeGreaterThanOrEqual(2 / 3 - 1 / 20);
      expect(share).toBeLessThan(2 / 3 + 1 / 20);
      expect(renewalTime(certificate)).toEqual(renewalTime(certificate));
    }
  });

  it('is at the age that was asked for', () => {
    const certificate = issuedAt(START, 'gw', 1_825);
    const age = (renewalTime(certificate, 1_642).getTime() - START) / DAY;
    expect(Math.abs(age - 1_642)).toBeLessThanOrEqual(1_825 / 20);
  });

  it('is long before the end where the end of the authority has cut it short', () => {
    const certificate = issuedAt(START, 'gw', 30);
    expect(renewalTime(certificate, 60)).toEqual(renewalTime(certificate));
    expect(renewalTime(certificate, 29)).toEqual(renewalTime(certificate));
  });
});
