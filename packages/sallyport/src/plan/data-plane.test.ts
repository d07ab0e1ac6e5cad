import { describe, expect, it } from 'vitest';
import type { DataPlane } from '../model/gateway.ts';
import { DATA_PLANES } from '../model/gateway.ts';
import type { Host } from '../model/host.ts';
import { chooseDataPlane, hostDataPlanes } from './data-plane.ts';

const FIXED = { localAddress: '192.0.2.10', remoteAddress: '198.51.100.20' };
const ANY_PEER = { localAddress: undefined, remoteAddress: undefined };
const NAMED_PEER = { localAddress: '192.0.2.10', remoteAddress: 'gw.example' };

function host(dataPlanes?: readonly DataPlane[]): Host {
  return {
    apiVersion: 'sallyport.dev/v1alpha1',
    kind: 'Host',
    metadata: { name: 'gw1', namespace: 'default' },
    spec: {
      addresses: ['192.0.2.10'],
      role: 'gateway',
      driftPolicy: 'repair',
      ...(dataPlanes === undefined ? {} : { capabilities: { dataPlanes } }),
    },
  };
}

describe('hostDataPlanes', () => {
  it('believes what the host reports before what was declared of it', () => {
    const facts = { host: 'gw1', dataPlanes: ['policy'], underlayMtuBytes: 1500 } as const;
    expect(hostDataPlanes(host(['vti']), facts)).toEqual(['policy']);
  });

  it('believes a host that has none', () => {
    const facts = { host: 'gw1', dataPlanes: [], underlayMtuBytes: 1500 };
    expect(hostDataPlanes(host(['vti']), facts)).toEqual([]);
  });

  it('has the best first, however they were declared', () => {
    expect(hostDataPlanes(host(['userspace', 'policy', 'vti']), undefined)).toEqual([
      'vti',
      'policy',
      'userspace',
    ]);
  });

  it('assumes everything where nothing is known: what is pinned must not be refused', () => {
    expect(hostDataPlanes(host(), undefined)).toEqual(DATA_PLANES);
  });
});

describe('chooseDataPlane', () => {
  it.each([
    { wanted: 'auto', offered: ['xfrm-interface', 'vti', 'policy'], choice: 'xfrm-interface' },
    { wanted: 'auto', offered: ['vti', 'policy', 'userspace'], choice: 'vti' },
    { wanted: 'auto', offered: ['policy', 'userspace'], choice: 'policy' },
    { wanted: 'auto', offered: ['userspace'], choice: 'userspace' },
    { wanted: 'policy', offered: ['xfrm-interface', 'policy'], choice: 'policy' },
    { wanted: 'userspace', offered: ['policy', 'userspace'], choice: 'userspace' },
  ] as const)('takes $choice for $wanted of $offered', ({ wanted, offered, choice }) => {
    expect(chooseDataPlane(wanted, offered, FIXED)).toEqual({ dataPlane: choice });
  });

  it.each([
    {
      wanted: 'auto',
      offered: ['xfrm-interface', 'policy'],
      choice: { dataPlane: 'xfrm-interface' },
    },
    {
      wanted: 'auto',
      offered: ['vti', 'policy'],
      choice: { dataPlane: 'vti', obstacle: 'not-in-shard' },
    },
    {
      wanted: 'policy',
      offered: ['xfrm-interface', 'policy'],
      choice: { dataPlane: 'policy', obstacle: 'not-in-shard' },
    },
    { wanted: 'vti', offered: ['policy'], choice: { dataPlane: 'vti', obstacle: 'not-offered' } },
  ] as const)(
    'has only an XFRM interface for a shard: $wanted of $offered',
    ({ wanted, offered, choice }) => {
      expect(chooseDataPlane(wanted, offered, { ...FIXED, shard: 'ike2' })).toEqual(choice);
    },
  );

  it.each([
    { what: 'a peer on any address', ends: ANY_PEER },
    { what: 'a peer known by name', ends: NAMED_PEER },
  ])('passes over a VTI for $what', ({ ends }) => {
    expect(chooseDataPlane('auto', ['vti', 'policy'], ends)).toEqual({ dataPlane: 'policy' });
    expect(chooseDataPlane('xfrm-interface', ['xfrm-interface'], ends)).toEqual({
      dataPlane: 'xfrm-interface',
    });
    for (const wanted of ['auto', 'vti'] as const) {
      expect(chooseDataPlane(wanted, ['vti'], ends)).toEqual({
        dataPlane: 'vti',
        obstacle: 'needs-fixed-addresses',
      });
    }
  });

  it.each([
    { offered: ['policy', 'userspace'], choice: { dataPlane: 'userspace' } },
    { offered: ['policy'], choice: { dataPlane: 'policy', obstacle: 'needs-interface' } },
    { offered: ['vti', 'userspace'], choice: { dataPlane: 'vti' } },
  ] as const)('leads routes into an interface: $choice of $offered', ({ offered, choice }) => {
    expect(chooseDataPlane('auto', offered, { ...FIXED, isRouted: true })).toEqual(choice);
  });

  it('never takes another one than was pinned', () => {
    expect(chooseDataPlane('vti', ['xfrm-interface'], FIXED)).toEqual({
      dataPlane: 'vti',
      obstacle: 'not-offered',
    });
  });
});
