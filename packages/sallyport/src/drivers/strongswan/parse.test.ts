import { buildMessage, parseIkeSa } from '@sallyport/vici';
import { describe, expect, it } from 'vitest';
import { readTunnel } from './parse.ts';
import { type FakeSa, fakeSa, saSection } from './testing/sas.ts';
import { pskTunnel } from './testing/tunnels.ts';

const { name } = pskTunnel;
const both = [
  { name: 'v4', uniqueId: '7' },
  { name: 'v6', uniqueId: '8' },
];

describe('readTunnel', () => {
  it('reads what the daemon shows of a tunnel that is up', () => {
    const reading = readTunnel(pskTunnel, [fakeSa({ name, uniqueId: '3', children: both })]);
    expect(reading).toMatchObject({
      name,
      state: 'up',
      localAddress: '192.0.2.10',
      remoteAddress: '198.51.100.20',
      ike: {
        uniqueId: '3',
        initiator: true,
        algorithms: {
          encryption: 'AES_GCM_16',
          keyBits: 256,
          prf: 'PRF_HMAC_SHA2_384',
          keyExchange: 'ECP_384',
        },
        natDetected: false,
        establishedSeconds: 100,
        rekeyInSeconds: 12000,
      },
    });
    expect(reading.children.map((child) => [child.name, child.bytesIn, child.bytesOut])).toEqual([
      ['v4', 1000, 2000],
      ['v6', 1000, 2000],
    ]);
  });

  it.each<{ what: string; sas: FakeSa[]; state: string }>([
    { what: 'nothing', sas: [], state: 'down' },
    {
      what: 'an IKE SA under way',
      sas: [{ name, uniqueId: '1', state: 'CONNECTING' }],
      state: 'connecting',
    },
    { what: 'an IKE SA without children', sas: [{ name, uniqueId: '1' }], state: 'down' },
    {
      what: 'one child of two',
      sas: [{ name, uniqueId: '1', children: both.slice(0, 1) }],
      state: 'partial',
    },
    {
      what: 'a child without one of its networks',
      sas: [
        {
          ...{ name, uniqueId: '1' },
          children: [
            {
              name: 'v4',
              uniqueId: '7',
              selectors: { local: ['10.10.0.0/16'], remote: ['10.20.1.0/24'] },
            },
            ...both.slice(1),
          ],
        },
      ],
      state: 'partial',
    },
    {
      what: 'children of two IKE SAs',
      sas: [
        { name, uniqueId: '1', children: both.slice(0, 1) },
        { name, uniqueId: '2', children: both.slice(1) },
      ],
      state: 'up',
    },
    {
      what: 'a child that is not installed yet',
      sas: [{ name, uniqueId: '1', children: [{ name: 'v4', uniqueId: '7', state: 'CREATED' }] }],
      state: 'down',
    },
    {
      what: 'children of an IKE SA that is ending',
      sas: [{ name, uniqueId: '1', state: 'DELETING', children: both }],
      state: 'down',
    },
    {
      what: 'an SA of another connection',
      sas: [{ name: 'sp.other', uniqueId: '1', children: both }],
      state: 'down',
    },
  ])('calls $what $state', ({ sas, state }) => {
    expect(readTunnel(pskTunnel, sas.map(fakeSa)).state).toBe(state);
  });

  it.each([
    { change: { start: 'respond' }, state: 'waiting' },
    { change: { start: 'trap' }, state: 'trapped' },
    { change: { elsewhere: true }, state: 'standby' },
    { change: { enabled: false }, state: 'disabled' },
  ] as const)('calls no SA $state where the plan says $change', ({ change, state }) => {
    expect(readTunnel({ ...pskTunnel, ...change }, []).state).toBe(state);
  });

  it('is with the holder of its address also while SAs of before end', () => {
    const sas = [fakeSa({ name, uniqueId: '1', children: both })];
    expect(readTunnel({ ...pskTunnel, elsewhere: true }, sas).state).toBe('standby');
  });

  it('shows the newest of two IKE SAs, as numbers and not as text', () => {
    const sas = ['9', '10'].map((uniqueId) => fakeSa({ name, uniqueId, children: both }));
    expect(readTunnel(pskTunnel, sas).ike?.uniqueId).toBe('10');
  });

  it('reads what only some SAs have: NAT, encapsulation, integrity of its own, a time to rekey', () => {
    const section = {
      ...saSection({ name, uniqueId: '3' }),
      'nat-remote': 'yes',
      'encr-alg': 'AES_CBC',
      'integ-alg': 'HMAC_SHA2_256_128',
      'child-sas': {
        'v4-7': {
          ...{ name: 'v4', uniqueid: '7', state: 'INSTALLED', encap: 'yes', 'rekey-time': '-3' },
          ...{ 'encr-alg': 'AES_CBC', 'encr-keysize': '256', 'integ-alg': 'HMAC_SHA2_256_128' },
          ...{ 'dh-group': 'MODP_3072', 'bytes-in': '9007199254740991' },
        },
      },
    };
    const reading = readTunnel(pskTunnel, [parseIkeSa(name, buildMessage(section))]);
    expect(reading.ike).toMatchObject({
      natDetected: true,
      algorithms: { encryption: 'AES_CBC', integrity: 'HMAC_SHA2_256_128' },
    });
    expect(reading.children).toEqual([
      {
        name: 'v4',
        state: 'INSTALLED',
        uniqueId: '7',
        localSelectors: [],
        remoteSelectors: [],
        algorithms: {
          encryption: 'AES_CBC',
          keyBits: 256,
          integrity: 'HMAC_SHA2_256_128',
          keyExchange: 'MODP_3072',
        },
        encapsulated: true,
        spiIn: '',
        spiOut: '',
        bytesIn: 9_007_199_254_740_991,
        bytesOut: 0,
        packetsIn: 0,
        packetsOut: 0,
        rekeyInSeconds: -3,
      },
    ]);
  });

  it('shows the plan where the daemon knows nothing of the tunnel yet', () => {
    const { localAddress: _local, interface: _interface, ...open } = pskTunnel;
    const reading = readTunnel(open, []);
    expect(reading).toMatchObject({
      remoteAddress: '198.51.100.20',
      localId: '192.0.2.10',
      remoteId: '198.51.100.20',
      children: [],
    });
    expect(Object.keys(reading)).not.toContain('ike');
    expect(Object.keys(reading)).not.toContain('localAddress');
    expect(Object.keys(reading)).not.toContain('interface');
  });

  it('does not count a child that the kernel has lost', () => {
    const sas = [fakeSa({ name, uniqueId: '1', children: both })];
    expect(readTunnel(pskTunnel, sas, new Set(['7'])).state).toBe('partial');
    expect(readTunnel(pskTunnel, sas, new Set(['7', '8'])).state).toBe('down');
  });
});
