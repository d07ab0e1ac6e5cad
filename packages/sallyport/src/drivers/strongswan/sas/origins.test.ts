import { describe, expect, it } from 'vitest';
import { childHash, peerHash } from '../render.ts';
import type { SaOrigins } from '../state.ts';
import { childRekey, type FakeSa, fakeSa, ikeRekey } from '../testing/sas.ts';
import { pskTunnel } from '../testing/tunnels.ts';
import { Lineage } from './lineage.ts';
import { NO_ORIGINS, NOTHING_TOLD, noteOrigins, OLDER } from './origins.ts';

const { name } = pskTunnel;
const changed = { ...pskTunnel, livenessDelaySeconds: 77, espProposals: ['aes128gcm16-ecp256'] };
const [v4] = pskTunnel.children;
if (v4 === undefined) throw new Error('the world has a child');

const sa = (uniqueId: string, ...children: readonly (readonly [string, string?])[]): FakeSa => ({
  name,
  uniqueId,
  children: children.map(([id, state = 'INSTALLED']) => ({ name: 'v4', uniqueId: id, state })),
});

function note(
  sas: readonly FakeSa[],
  known: SaOrigins = NO_ORIGINS,
  tunnel = pskTunnel,
): SaOrigins {
  return noteOrigins(sas.map(fakeSa), known, [tunnel], new Set());
}

const first = note([sa('1', ['7'])]);

describe('noteOrigins', () => {
  it('takes what is first seen for made with the present configuration', () => {
    expect(first.ike.get('1')).toBe(peerHash(pskTunnel));
    expect(first.children.get('7')?.hash).toBe(childHash(pskTunnel, v4));
  });

  it('takes it for older while the connection is not loaded as planned', () => {
    const { ike, children } = noteOrigins(
      [fakeSa(sa('1', ['7']))],
      NO_ORIGINS,
      [pskTunnel],
      new Set([name]),
    );
    expect([ike.get('1'), children.get('7')?.hash]).toEqual([OLDER, OLDER]);
  });

  it('believes the daemon that an SA was made with what is loaded, unless that has changed', () => {
    const sas = [fakeSa(sa('1', ['7']))];
    const older = noteOrigins(sas, NO_ORIGINS, [pskTunnel], new Set([name]));
    const told = { ...NOTHING_TOLD, current: new Set(['7']) };
    expect(noteOrigins(sas, older, [pskTunnel], new Set(), told)).toEqual(first);
    expect(noteOrigins(sas, older, [pskTunnel], new Set([name]), told)).toEqual(older);
  });

  it('remembers what was noted, whatever is planned later', () => {
    const later = note([sa('1', ['7'])], first, changed);
    expect(later).toEqual(first);
  });

  it('knows that a rekeyed IKE SA keeps its configuration, by the children that moved', () => {
    const rekeyed = note([sa('2', ['7'])], first, changed);
    expect(rekeyed.ike.get('2')).toBe(peerHash(pskTunnel));
    expect(rekeyed.children.get('7')).toEqual({ ...first.children.get('7'), ike: '2' });
  });

  it.each([
    ['going', [['7', 'REKEYED'], ['8']] as const],
    ['gone', [['8']] as const],
  ])('knows that a rekeyed Child SA keeps its configuration, the old one %s', (_what, children) => {
    const rekeyed = note([sa('1', ...children)], first, changed);
    expect(rekeyed.children.get('8')?.hash).toBe(childHash(pskTunnel, v4));
  });

  it('knows by the word of the daemon what was rekeyed several times between two looks', () => {
    const lineage = new Lineage();
    for (const event of [
      childRekey('7', '8'),
      ikeRekey('1', '2'),
      ikeRekey('2', '3'),
      childRekey('8', '9'),
    ])
      lineage.noteEvent(event);
    const found = [fakeSa(sa('3', ['9']))];
    const told = { ...NOTHING_TOLD, lineage };
    const rekeyed = noteOrigins(found, first, [changed], new Set(), told);
    expect(rekeyed.ike.get('3')).toBe(peerHash(pskTunnel));
    expect(rekeyed.children.get('9')?.hash).toBe(childHash(pskTunnel, v4));
    expect(noteOrigins(found, first, [changed], new Set()).ike.get('3')).toBe(peerHash(changed));
  });

  it('takes a Child SA beside one that stands for made with the present configuration', () => {
    const exchanged = note([sa('1', ['7'], ['8'])], first, changed);
    expect(exchanged.children.get('7')?.hash).toBe(childHash(pskTunnel, v4));
    expect(exchanged.children.get('8')?.hash).toBe(childHash(changed, v4));
  });

  it('takes an IKE SA beside the old one for made with the present configuration', () => {
    const exchanged = note([sa('1', ['7']), sa('2', ['8'])], first, changed);
    expect(exchanged.ike.get('1')).toBe(peerHash(pskTunnel));
    expect(exchanged.ike.get('2')).toBe(peerHash(changed));
    expect(exchanged.children.get('8')?.hash).toBe(childHash(changed, v4));
  });

  it('forgets what is gone, and what is not planned', () => {
    expect(note([], first)).toEqual(NO_ORIGINS);
    expect(noteOrigins([fakeSa(sa('1', ['7']))], first, [], new Set())).toEqual(NO_ORIGINS);
  });
});
