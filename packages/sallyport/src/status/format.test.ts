import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatStatus } from './format.ts';
import type { HostReport } from './host-report.ts';
import { down, NOW, report, up } from './testing/reports.ts';

describe('formatStatus', () => {
  it('shows each tunnel, the one that is down first, with its cause and what to do', async () => {
    await expect(formatStatus(report, NOW)).toMatchFileSnapshot('testdata/up-and-down.txt');
  });

  it('shows a host that differs from its plan, and why', async () => {
    const { revisionInEffect: _, ...rest } = report;
    const differing: HostReport = {
      ...rest,
      engine: { ...report.engine, running: false },
      tunnels: [
        { ...up, state: 'partial', dataPlane: 'userspace', interface: 'ipsec0' },
        { ...down, state: 'disabled', dataPlane: 'vti' },
      ],
      differences: ['kernel: add rule IPv4 priority 8320 from all lookup 8320'],
      problems: [
        {
          code: 'engine/foreign-daemon',
          severity: 'error',
          message: 'another IKE daemon already runs on this host',
          hint: 'stop it',
        },
        { code: 'agent/copy-not-kept', severity: 'warning', message: 'no space left' },
      ],
    };
    await expect(formatStatus(differing, NOW)).toMatchFileSnapshot('testdata/differing.txt');
  });

  it('says that there is no plan, and whose daemon it is', () => {
    const { wantedRevision: _, revisionInEffect: __, ...rest } = report;
    const engine = { ...report.engine, external: true };
    expect(formatStatus({ ...rest, engine, tunnels: [] }, NOW)).toBe(
      'host gw1: no plan; strongSwan 5.9.8 (not ours); kernel 6.1.0; looked 2s ago\n',
    );
  });

  it.each([
    ['connecting', 'connecting since 3m 20s'],
    ['waiting', 'waiting for the other side since 3m 20s'],
    ['trapped', 'ready for the first packet since 3m 20s'],
  ] as const)('words the state %s', (state, words) => {
    expect(formatStatus({ ...report, tunnels: [{ ...down, state }] }, NOW)).toContain(words);
  });

  it('never shows a value that is not there', () => {
    const optional = <T>(value: T): fc.Arbitrary<T | undefined> =>
      fc.constantFrom(value, undefined);
    const tunnels = fc.array(
      fc
        .record(
          {
            localAddress: optional('192.0.2.1'),
            remoteId: optional('peer'),
            interface: optional('sp1'),
            ike: optional(up.ike),
            cause: optional(down.cause),
          },
          { requiredKeys: [] },
        )
        .map((parts) => ({ ...down, ...withoutUndefined(parts) })),
    );
    fc.assert(
      fc.property(tunnels, (list) => {
        expect(formatStatus({ ...report, tunnels: list }, NOW)).not.toMatch(/undefined|NaN|null/);
      }),
    );
  });
});

function withoutUndefined(parts: object): object {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
}
