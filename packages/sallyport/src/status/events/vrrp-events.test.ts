import { describe, expect, it } from 'vitest';
import type { HostReport } from '../host-report.ts';
import { NOW, report } from '../testing/reports.ts';
import type { VrrpReport } from '../vrrp-report.ts';
import { withLastKnown } from './events.ts';
import { vrrpEvents } from './vrrp-events.ts';

const with4 = (change: Partial<VrrpReport>): HostReport => ({
  ...report,
  vrrp: [
    {
      ...{ name: 'sp-default-edge-v4', family: 4, interface: 'eth1', virtualRouterId: 20 },
      ...{
        state: 'backup',
        since: NOW,
        addresses: ['10.20.0.100/24'],
        held: [],
        others: ['10.20.0.2'],
      },
      ...{ why: 'another gateway holds the addresses; this one is not ready: it is drained' },
      ...change,
    },
  ],
});
const waits = with4({});
const holds = with4({ state: 'master', held: ['10.20.0.100'], why: 'a tunnel carries packets' });
const happened = (...reports: Parameters<typeof vrrpEvents>): unknown[] =>
  vrrpEvents(...reports).map(({ reason, before, after, cause }) => [
    ...[reason, before ?? after, cause?.message],
  ]);
const taken = ['AddressTaken', '10.20.0.100/24', 'a tunnel carries packets'];

describe('vrrpEvents', () => {
  it('tell when addresses come and go, and why', () => {
    expect(happened(waits, holds)).toEqual([taken]);
    expect(happened(report, holds)).toEqual([taken]);
    expect(happened(holds, waits)).toEqual([
      ['AddressLeft', '10.20.0.100/24', waits.vrrp?.[0]?.why],
    ]);
  });

  it('are silent while everything stays', () => {
    for (const same of [waits, holds]) expect(happened(same, same)).toEqual([]);
    expect(happened(undefined, waits)).toEqual([]);
  });

  it('tell of addresses that were left and taken again between two looks', () => {
    const again = with4({ ...holds.vrrp?.[0], since: '2026-06-01T12:00:05.000Z' });
    expect(happened(holds, again)).toEqual([taken]);
  });

  it('are silent where keepalived could not be asked for a while', () => {
    expect(happened(holds, report)).toEqual([]);
    expect(happened(withLastKnown(holds, report), holds)).toEqual([]);
  });
});
