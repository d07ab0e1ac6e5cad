import { buildMessage, parseIkeSa } from '@sallyport/vici';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTunnel } from './parse.ts';
import { type FakeSa, fakeSa } from './testing/sas.ts';
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
    { change: { enabled: false }, state: 'disabled' },
  ] as const)('calls no SA $state where the plan says $change', ({ change, state }) => {
    expect(readTunnel({ ...pskTunnel, ...change }, []).state).toBe(state);
  });

  it('shows the newest of two IKE SAs, as numbers and not as text', () => {
    const sas = ['9', '10'].map((uniqueId) => fakeSa({ name, uniqueId, children: both }));
    expect(readTunnel(pskTunnel, sas).ike?.uniqueId).toBe('10');
  });

  it('takes whatever the daemon sends', () => {
    const text = fc.constantFrom(
      '',
      'yes',
      '-1',
      '1e400',
      'ESTABLISHED',
      'INSTALLED',
      '\u0000',
      'v4',
    );
    const key = fc.constantFrom(
      'uniqueid',
      'state',
      'established',
      'bytes-in',
      'encr-alg',
      'x',
      'name',
    );
    const section = fc.dictionary(key, text);
    fc.assert(
      fc.property(section, section, (sa, child) => {
        const message = buildMessage({ ...sa, 'child-sas': { 'v4-1': child } });
        const reading = readTunnel(pskTunnel, [parseIkeSa(name, message)]);
        expect(reading.name).toBe(name);
      }),
    );
  });
});
