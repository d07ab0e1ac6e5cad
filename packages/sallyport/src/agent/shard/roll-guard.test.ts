import type { IkeSa } from '@sallyport/vici';
import { beforeEach, describe, expect, it } from 'vitest';
import type { HeldPeer } from '../../drivers/kernel/render-hold.ts';
import type { KernelState } from '../../drivers/kernel/sas/parse-states.ts';
import { fakeSa } from '../../drivers/strongswan/testing/sas.ts';
import { type Entry, rememberingLog } from '../testing/quiet-log.ts';
import { RollGuard, type RollGuardOptions, type Standing } from './roll-guard.ts';

const { signal } = new AbortController();
const none = new Set<string>();
const a = fakeSa({ name: 'sp.a', uniqueId: '1', children: [{ name: 'v4', uniqueId: '7' }] });
/** To the same peer, of another tunnel. */
const b = fakeSa({ name: 'sp.b', uniqueId: '2', children: [{ name: 'v4', uniqueId: '8' }] });
const elsewhere = fakeSa({
  ...{ name: 'sp.c', uniqueId: '3', remoteHost: '203.0.113.1' },
  children: [{ name: 'v4', uniqueId: '9' }],
});

const tunnel = (name: string): { name: string; reqids: Set<number> } => ({
  name,
  reqids: new Set(),
});
const standing = (...sas: IkeSa[]): Standing => ({ sas, left: [] });

/** Of a daemon before, for a tunnel of reqid 5. */
const leftOver = (source: string, destination: string, spi: string): KernelState => ({
  ...{ source, destination, spi, protocol: 'esp', isInstalled: true },
  ...{ reqid: 5, interfaceId: 0 },
});
const leftIn = leftOver('198.51.100.20', '192.0.2.10', 'cafe0001');
const leftOut = leftOver('192.0.2.10', '198.51.100.20', 'cafe0002');

let held: HeldPeer[];
let released: number;
let release: () => Promise<void>;
let entries: readonly Entry[];
let guard: RollGuard;

function guardWith(place?: RollGuardOptions['hold']['place']): RollGuard {
  const remembering = rememberingLog();
  ({ entries } = remembering);
  const hold = {
    place:
      place ?? (async (peer: HeldPeer) => Promise.resolve(held.push(peer)).then(() => release)),
    cleanUp: () => Promise.resolve(),
  };
  return new RollGuard({ hold, log: remembering.log });
}

beforeEach(() => {
  held = [];
  released = 0;
  release = () => {
    released += 1;
    return Promise.resolve();
  };
  guard = guardWith();
});

describe('RollGuard', () => {
  it('lets pass what all standing SAs of that peer carry, and no other peer’s', async () => {
    await guard.place(tunnel('sp.a'), standing(a, b, elsewhere), signal);
    expect(held).toEqual([
      {
        localAddress: '192.0.2.10',
        remoteAddress: '198.51.100.20',
        spis: ['c0000007', 'c0000008'],
      },
    ]);
  });

  it('holds what comes from and to the addresses that the tunnel shall have', async () => {
    const ends = { ...tunnel('sp.a'), localAddress: '192.0.2.11', remoteAddress: '198.51.100.9' };
    await guard.place(ends, standing(a, b, elsewhere), signal);
    await guard.place({ ...tunnel('sp.b'), remoteAddress: 'vpn.example' }, standing(b), signal);
    expect(held).toEqual([
      { localAddress: '192.0.2.11', remoteAddress: '198.51.100.9', spis: [] },
      { localAddress: '192.0.2.10', remoteAddress: '198.51.100.20', spis: ['c0000008'] },
    ]);
  });

  it('holds nothing for a tunnel without an SA: nothing is exchanged', async () => {
    await guard.place(tunnel('sp.a'), standing(b), signal);
    expect(held).toEqual([]);
  });

  describe('beside what a daemon before has left in the kernel', () => {
    const comes = { ...tunnel('sp.a'), reqids: new Set([5]) };
    const left = { sas: [], left: [leftOut, leftIn] };

    it('lets pass what that carries', async () => {
      const ends = { ...comes, localAddress: '192.0.2.10', remoteAddress: '198.51.100.20' };
      await guard.place(ends, left, signal);
      expect(held).toEqual([
        { localAddress: '192.0.2.10', remoteAddress: '198.51.100.20', spis: ['cafe0001'] },
      ]);
    });

    it.each([
      { what: 'no address of ours', ends: { remoteAddress: '198.51.100.20' } },
      { what: 'a name', ends: { localAddress: '192.0.2.10', remoteAddress: 'vpn.example' } },
    ])('finds the peer there where the plan has $what', async ({ ends }) => {
      await guard.place({ ...comes, ...ends }, left, signal);
      expect(held).toMatchObject([{ localAddress: '192.0.2.10', remoteAddress: '198.51.100.20' }]);
    });

    it.each([
      { what: 'of other tunnels', ends: { ...comes, reqids: new Set([6]) } },
      { what: 'that may go anywhere', ends: comes },
    ])('holds nothing beside those $what', async ({ ends }) => {
      await guard.place(ends, left, signal);
      expect(held).toEqual([]);
    });
  });

  it('holds once, however often the exchange is tried', async () => {
    await guard.place(tunnel('sp.a'), standing(a), signal);
    await guard.place(tunnel('sp.a'), standing(a), signal);
    expect(held).toHaveLength(1);
  });

  it('lets go of each tunnel when its own exchange is over', async () => {
    await guard.place(tunnel('sp.a'), standing(a, b), signal);
    await guard.place(tunnel('sp.b'), standing(a, b), signal);
    guard.keepOnly(new Set(['sp.b']));
    expect(released).toBe(1);
    guard.keepOnly(none);
    guard.keepOnly(none);
    expect(released).toBe(2);
  });

  it('holds again for the next exchange', async () => {
    await guard.place(tunnel('sp.a'), standing(a), signal);
    guard.keepOnly(none);
    await guard.place(tunnel('sp.a'), standing(a), signal);
    expect(held).toHaveLength(2);
  });

  it('lets the exchange go on where the kernel cannot hold, and says so once', async () => {
    guard = guardWith(() => Promise.reject(new Error('RTNETLINK: not supported')));
    await guard.place(tunnel('sp.a'), standing(a), signal);
    await guard.place(tunnel('sp.b'), standing(b), signal);
    expect(entries.map(({ msg, error }) => [msg, error])).toEqual([
      [
        'a tunnel that is exchanged or comes back may lose a few packets',
        'RTNETLINK: not supported',
      ],
    ]);
  });

  it('says which tunnel’s packets may still be held', async () => {
    release = () => Promise.reject(new Error('tc: gone'));
    await guard.place(tunnel('sp.a'), standing(a), signal);
    guard.keepOnly(none);
    await Promise.resolve();
    await Promise.resolve();
    expect(entries).toMatchObject([
      { tunnel: 'sp.a', error: 'tc: gone', msg: 'packets may still be held' },
    ]);
  });
});
