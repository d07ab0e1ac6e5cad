import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { renewalTime } from './renewal.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
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

  it('keeps 200 gateways of one day alive for three years, and never renews many of them at once', () => {
    const hosts = Array.from({ length: 200 }, (_, index) => `gw${index}`);
    const issue = (time: number, host: string): { due: number; end: number } => ({
      due: renewalTime(issuedAt(time, host, 365)).getTime(),
      end: time + 365 * DAY,
    });
    const held = new Map(hosts.map((host) => [host, issue(START, host)]));
    const renewals = new Map(hosts.map((host) => [host, 0]));
    let most = 0;
    for (let now = START; now < START + 3 * 365 * DAY; now += HOUR) {
      const due = [...held].filter(([, certificate]) => certificate.due <= now);
      for (const [host, { end }] of due) {
        expect(end).toBeGreaterThan(now);
        held.set(host, issue(now, host));
        renewals.set(host, (renewals.get(host) ?? 0) + 1);
      }
      most = Math.max(most, due.length);
    }
    expect(Math.min(...renewals.values())).toBe(4);
    expect(Math.max(...renewals.values())).toBe(4);
    expect(most).toBeLessThanOrEqual(4);
  });
});
