import { buildMessage, type IkeSa, type MessageInput, parseIkeSa } from '@sallyport/vici';
import { describe, expect, it } from 'vitest';
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import { childHash } from '../render.ts';
import { saSection } from '../testing/sas.ts';
import { pskTunnel } from '../testing/tunnels.ts';
import { NO_ORIGINS } from './origins.ts';
import { saDifferences } from './sa-differences.ts';

const known = { origins: NO_ORIGINS, lost: new Set<string>() };
const [v4] = pskTunnel.children;
if (v4 === undefined) throw new Error('the world has a child');
const tunnel: TunnelPlan = {
  ...pskTunnel,
  ...{ dataPlane: 'policy', children: [v4], ikeProposals: ['aes256gcm16-prfsha384-ecp384'] },
  ...{ espProposals: ['aes128-aes256-sha256-modp3072', 'aes256gcm16'] },
};

type Fields = Readonly<Record<string, unknown>>;

/** One IKE SA with one Child SA, as planned but for these fields. */
function sa(ike: Fields = {}, child: Fields = {}): IkeSa {
  const { name } = tunnel;
  const section = saSection({ name, uniqueId: '3', children: [{ name: 'v4', uniqueId: '7' }] });
  const children = section['child-sas'] as Readonly<Record<string, Fields>>;
  const own = Object.fromEntries(
    Object.entries(children).map(([key, fields]) => [key, { ...fields, ...child }]),
  );
  return parseIkeSa(name, buildMessage({ ...section, ...ike, 'child-sas': own } as MessageInput));
}

const CBC = { 'encr-alg': 'AES_CBC', 'encr-keysize': '128', 'integ-alg': 'HMAC_SHA2_256_128' };

describe('an SA', () => {
  it.each([
    ['the cipher of one proposal', sa()],
    ['the suite of another', sa({}, { ...CBC, 'dh-group': 'MODP_3072' })],
    ['no exchange of its own', sa({}, CBC)],
    ['narrower selectors', sa({}, { 'local-ts': ['10.10.5.0/24'] })],
    ['selectors with a port', sa({}, { 'local-ts': ['10.10.5.0/24[tcp/80]'] })],
    ['a rekeying that is overdue', sa({ 'rekey-time': '-4' }, { 'rekey-time': '-1' })],
    ['an identity in capitals', sa({ 'remote-id': '198.51.100.20' })],
  ])('is as planned with %s', (_what, found) => {
    expect(saDifferences(tunnel, [found], known)).toEqual([]);
  });

  it.each([
    [sa({ 'local-host': '192.0.2.66' }), 'IKE SA 3: our address is 192.0.2.66, not 192.0.2.10'],
    [
      sa({ 'remote-host': '198.51.100.66' }),
      'IKE SA 3: address of the peer is 198.51.100.66, not 198.51.100.20',
    ],
    [sa({ 'local-id': 'gw' }), 'IKE SA 3: our identity is gw, not 192.0.2.10'],
    [sa({ 'remote-id': 'b' }), 'IKE SA 3: identity of the peer is b, not 198.51.100.20'],
    [
      sa({ 'encr-keysize': '128' }),
      'IKE SA 3: AES_GCM_16-128/PRF_HMAC_SHA2_384/ECP_384 is none of aes256gcm16-prfsha384-ecp384',
    ],
    [sa({ 'rekey-time': '15000' }), 'IKE SA 3: it is rekeyed in 15000 s, later than after 14400 s'],
    [sa({}, { 'rekey-time': '3601' }), /^Child SA 7: it is rekeyed in 3601 s/],
    [sa({}, { mode: 'TRANSPORT' }), 'Child SA 7: mode TRANSPORT, not TUNNEL'],
    [sa({}, { 'encr-keysize': '192' }), /^Child SA 7: AES_GCM_16-192 is none of aes128-aes256-/],
    [sa({}, { ...CBC, 'dh-group': 'ECP_256' }), /^Child SA 7: AES_CBC-128.*ECP_256 is none of/],
    [sa({}, { ...CBC, 'integ-alg': 'HMAC_SHA1_96' }), /^Child SA 7: AES_CBC-128\/HMAC_SHA1_96/],
    [sa({}, { 'if-id-in': '00000007' }), 'Child SA 7: interface id 7/none, not none/none'],
    [sa({}, { 'mark-out': '00000007' }), 'Child SA 7: mark none/7, not none/none'],
    [sa({}, { 'local-ts': ['10.99.0.0/16'] }), /our network 10.99.0.0\/16 is none of ours/],
    [sa({}, { 'remote-ts': ['0.0.0.0/0'] }), /network of the peer 0.0.0.0\/0 is none of ours/],
  ])('differs: %#', (found, line) => {
    expect(saDifferences(tunnel, [found], known)).toEqual([
      typeof line === 'string' ? line : expect.stringMatching(line),
    ]);
  });

  it('carries the id of its interface, or its mark, where the plan has one', () => {
    const of = (dataPlane: TunnelPlan['dataPlane'], child: Fields): readonly string[] =>
      saDifferences({ ...tunnel, dataPlane, interfaceId: 7 }, [sa({}, child)], known);
    const seven = '00000007';
    expect(of('xfrm-interface', { 'if-id-in': seven, 'if-id-out': seven })).toEqual([]);
    expect(of('vti', { 'mark-in': seven, 'mark-out': seven })).toEqual([]);
    expect(of('vti', {})).toEqual(['Child SA 7: mark none/none, not 7/7']);
  });

  it('is in UDP where that is forced', () => {
    const forced = { ...tunnel, forceEncapsulation: true };
    expect(saDifferences(forced, [sa({}, { encap: 'yes' })], known)).toEqual([]);
    expect(saDifferences(forced, [sa()], known)).toEqual(['Child SA 7: ESP is not in UDP']);
  });

  it('is not asked for what the plan leaves open, or writes in another way', () => {
    const { localAddress: _, ...open } = tunnel;
    const named = { ...open, remoteAddress: 'vpn.example', remoteId: 'CN=b', localId: '%any' };
    expect(saDifferences(named, [sa({ 'remote-host': '203.0.113.9' })], known)).toEqual([]);
  });

  it.each<readonly [string, TunnelPlan, IkeSa]>([
    ['of a disabled tunnel', { ...tunnel, enabled: false }, sa({ 'local-id': 'gw' })],
    ['of another tunnel', { ...tunnel, name: 'sp.a.b.c' }, sa({ 'local-id': 'gw' })],
    ['that is not up', tunnel, sa({ 'local-id': 'gw', state: 'CONNECTING' })],
  ])('%s says nothing', (_what, wanted, found) => {
    expect(saDifferences(wanted, [found], known)).toEqual([]);
  });

  it('that is about to be replaced, or is lost, says nothing of today’s plan', () => {
    const found = sa({}, { mode: 'TRANSPORT' });
    const older = { hash: 'older', ike: '3', name: 'v4' };
    const current = { ...older, hash: childHash(tunnel, v4) };
    const withOrigin = (origin: typeof older) => ({
      ...known,
      origins: { ike: new Map(), children: new Map([['7', origin]]) },
    });
    expect(saDifferences(tunnel, [found], withOrigin(older))).toEqual([]);
    expect(saDifferences(tunnel, [found], withOrigin(current))).toHaveLength(1);
    expect(saDifferences(tunnel, [found], { ...known, lost: new Set(['7']) })).toEqual([]);
  });
});
