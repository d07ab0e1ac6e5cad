// That a change took effect, said by daemon and kernel. A proof throws where it does not hold.

import assert from 'node:assert/strict';
import type { ChildSa, IkeSa, LoadedConnection } from '@sallyport/vici';
import type { Evidence, Row } from './evidence.ts';

/** `was`: what was there before the change. */
export type Proof = (now: Evidence, was: Evidence) => void;

export const TUNNEL = 'sp.default.tunnel.main';
export const CERTIFIED = 'sp.default.certified.main';

export function all(...proofs: readonly Proof[]): Proof {
  return (now, was) => {
    for (const proof of proofs) proof(now, was);
  };
}

export function loaded(now: Evidence, name: string): LoadedConnection {
  const found = now.connections.find((connection) => connection.name === name);
  assert.ok(found, `${name} is loaded`);
  return found;
}

/** The only IKE SA of a connection. */
export function ike(now: Evidence, name: string): IkeSa {
  const found = now.sas.filter((sa) => sa.name === name);
  assert.equal(found.length, 1, `IKE SAs of ${name}`);
  assert.ok(found[0]);
  return found[0];
}

/** All of the only IKE SA of a connection, installed. */
export function children(now: Evidence, name: string): readonly ChildSa[] {
  const found = ike(now, name).children.filter(({ state }) => state === 'INSTALLED');
  assert.ok(found.length > 0, `Child SAs of ${name}`);
  return found;
}

export function child(now: Evidence, name: string): ChildSa {
  const found = children(now, name);
  assert.equal(found.length, 1, `Child SAs of ${name}`);
  assert.ok(found[0]);
  return found[0];
}

/** The kernel's states of a Child SA. */
export function statesOf(now: Evidence, { spiIn = '', spiOut = '' }: ChildSa): readonly string[] {
  return [spiIn, spiOut].map((spi) => {
    const state = now.states.get(spi);
    assert.ok(state, `the kernel has a state for SPI ${spi}`);
    return state;
  });
}

/** Interfaces of a tunnel: their aliases name it with slashes. */
function linksOf(now: Evidence, name: string): readonly Row[] {
  const alias = `sallyport ${name.split('.').slice(1).join('/')}`;
  return now.links.filter(({ ifalias }) => ifalias === alias);
}

const shows =
  (name: string, read: (sa: IkeSa) => unknown, wanted: unknown): Proof =>
  (now) => {
    assert.deepEqual(read(ike(now, name)), wanted);
  };

export const ourAddress = (name: string, address: string): Proof =>
  all(
    shows(name, (sa) => sa.localHost, address),
    (now) => {
      const [, out = ''] = statesOf(now, child(now, name));
      assert.ok(out.startsWith(`src ${address} `), out);
    },
  );
export const theirAddress = (name: string, address: string): Proof =>
  all(
    shows(name, (sa) => sa.remoteHost, address),
    (now) => {
      const [, out = ''] = statesOf(now, child(now, name));
      assert.match(out, new RegExp(`^src \\S+ dst ${address}\\n`));
    },
  );
export const ourIdentity = (name: string, id: string): Proof => shows(name, (sa) => sa.localId, id);
export const theirIdentity = (name: string, id: string): Proof =>
  shows(name, (sa) => sa.remoteId, id);

export const ikeSuite = (name: string, bits: number, group: string): Proof =>
  shows(name, (sa) => [sa.encryption?.keyBits, sa.dhGroup], [bits, group]);

/** The kernel writes AES-GCM keys in hex digits, with four bytes of salt behind them (RFC 4106 §8.1). */
export const espSuite =
  (name: string, bits: number): Proof =>
  (now) => {
    const sa = child(now, name);
    assert.equal(sa.encryptionKeyBits, bits);
    for (const state of statesOf(now, sa)) {
      const key = /aead rfc4106\(gcm\(aes\)\) 0x([0-9a-f]+) .*128/.exec(state)?.[1] ?? '';
      assert.equal(key.length * 4 - 32, bits);
    }
  };

/** swanctl.conf(5): rand_time is a tenth, and taken off by chance. */
function within(left: number | undefined, lifetime: number): void {
  assert.ok(left !== undefined && left <= lifetime && left > lifetime * 0.9 - 60, String(left));
}

export const ikeLifetime =
  (name: string, seconds: number): Proof =>
  (now) => {
    assert.equal(loaded(now, name).rekeySeconds, seconds);
    within(ike(now, name).rekeySeconds, seconds);
  };

export const childLifetime =
  (name: string, seconds: number): Proof =>
  (now) => {
    assert.deepEqual(
      loaded(now, name).children.map(({ rekeySeconds }) => rekeySeconds),
      [seconds],
    );
    within(child(now, name).rekeySeconds, seconds);
  };

export const childBytes =
  (name: string, bytes: number): Proof =>
  (now) => {
    assert.deepEqual(
      loaded(now, name).children.map(({ rekeyBytes }) => rekeyBytes),
      [BigInt(bytes)],
    );
    for (const state of statesOf(now, child(now, name))) {
      const limit = Number(/soft (\d+)\(bytes\)/.exec(state)?.[1]);
      assert.ok(limit <= bytes && limit > bytes * 0.8, `${String(limit)} of ${String(bytes)}`);
    }
  };

export const livenessDelay =
  (name: string, seconds: number): Proof =>
  (now) => {
    assert.equal(loaded(now, name).dpdDelaySeconds, seconds);
  };

/** Every IKE SA of the tunnel was made after the change. */
export const madeAnew =
  (name: string): Proof =>
  (now, was) => {
    const before = was.sas.filter((sa) => sa.name === name).map(({ uniqueId }) => uniqueId);
    assert.ok(before.length > 0);
    assert.ok(!before.includes(ike(now, name).uniqueId), 'the IKE SA is the one from before');
  };

export const inUdp =
  (name: string, encapsulated: boolean): Proof =>
  (now) => {
    const sa = child(now, name);
    assert.equal(sa.encapsulated, encapsulated);
    assert.equal(ike(now, name).localPort, encapsulated ? 4_500 : 500);
    for (const state of statesOf(now, sa))
      assert.equal(state.includes('encap type espinudp'), encapsulated);
  };

export const selectors =
  (name: string, local: readonly string[], remote: readonly string[]): Proof =>
  (now) => {
    const sas = children(now, name);
    assert.deepEqual(union(sas.map(({ localTs }) => localTs)), local);
    assert.deepEqual(union(sas.map(({ remoteTs }) => remoteTs)), remote);
    const id = `if_id 0x${(sas[0]?.ifIdOut ?? 0).toString(16)}`;
    const out = now.policies.filter((text) => text.includes('dir out') && text.includes(id));
    const pairs = out.map((text) => /^src (\S+) dst (\S+)/.exec(text)?.slice(1).join(' '));
    const wanted = local.flatMap((ours) => remote.map((theirs) => `${ours} ${theirs}`));
    assert.deepEqual(pairs.toSorted(), wanted.toSorted());
  };

function union(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort();
}

export const childNames =
  (name: string, pattern: RegExp): Proof =>
  (now) => {
    for (const { name: one } of [...loaded(now, name).children, ...children(now, name)])
      assert.match(one, pattern);
  };

export const trapped =
  (name: string, isTrap: boolean): Proof =>
  (now) => {
    assert.equal(loaded(now, name).children[0]?.closeAction, isTrap ? 'trap' : 'none');
    const names = now.traps.map(({ ike: connection }) => connection);
    assert.equal(names.includes(name), isTrap);
    child(now, name);
  };

/** The tunnel stands anew, by a certificate of ours of this name, for peers of these authorities. */
export const presents = (
  name: string,
  authorities: readonly string[] = ['O=Theirs, CN=Theirs CA'],
): Proof =>
  all(madeAnew(CERTIFIED), (now) => {
    const { local, remote } = loaded(now, CERTIFIED);
    assert.deepEqual(local[0]?.certs, [`O=Ours, CN=${name}`]);
    assert.deepEqual([...(remote[0]?.cacerts ?? [])].sort(), authorities);
  });

/** Connection, IKE SA and interface stand under this name, or nothing of them is left. */
export const stands =
  (name: string, isThere: boolean): Proof =>
  (now) => {
    const there = {
      connection: now.connections.some((connection) => connection.name === name),
      sa: now.sas.some((sa) => sa.name === name),
      link: linksOf(now, name).length > 0,
    };
    assert.deepEqual(there, { connection: isThere, sa: isThere, link: isThere });
  };

/** An administrator has taken it down: its networks stay guarded. */
export const isDown =
  (name: string, network: string): Proof =>
  (now) => {
    assert.ok(now.sas.every((sa) => sa.name !== name));
    assert.ok(now.connections.every((connection) => connection.name !== name));
    guarded(network, true)(now, now);
  };

export const isUp =
  (name: string): Proof =>
  (now) => {
    loaded(now, name);
    for (const sa of children(now, name)) statesOf(now, sa);
  };

export const byInterface =
  (name: string, isInterface: boolean): Proof =>
  (now) => {
    const sa = child(now, name);
    assert.equal(sa.ifIdOut !== undefined, isInterface);
    for (const state of statesOf(now, sa)) assert.equal(state.includes('if_id'), isInterface);
    const links = linksOf(now, name);
    assert.equal(links.length, isInterface ? 1 : 0);
  };

export const mtu =
  (name: string, network: string, bytes: number): Proof =>
  (now) => {
    const link = linksOf(now, name)[0];
    assert.equal(link?.['mtu'], bytes);
    const [address = ''] = network.split('/');
    const clamp = setsWith(now, address).filter(({ name: set }) => set?.startsWith('mss4_'));
    assert.deepEqual(
      clamp.map(({ name: set }) => set),
      [`mss4_${String(bytes - 40)}`],
    );
  };

export const guarded =
  (network: string, isGuarded: boolean): Proof =>
  (now) => {
    const routes = now.routes.filter(
      ({ dst, table, type }) =>
        dst === network && String(table) === '8320' && type === 'unreachable',
    );
    assert.equal(routes.length, isGuarded ? 1 : 0);
    const [address = ''] = network.split('/');
    const guards = setsWith(now, address).filter(({ name }) => name?.startsWith('by_'));
    assert.equal(guards.length, isGuarded ? 1 : 0);
  };

interface NftSet {
  readonly name?: string;
}

/** Sets of our table that have this address in one of their elements. */
function setsWith({ firewall }: Evidence, address: string): readonly NftSet[] {
  return firewall
    .map((row: Row) => row['set'])
    .filter((set) => set !== undefined && JSON.stringify(set).includes(`"${address}"`))
    .map((set) => set as NftSet);
}

export const routed =
  (network: string, isRouted: boolean): Proof =>
  (now) => {
    const routes = now.routes.filter(
      ({ dst, table }) => dst === network && String(table) === '8300',
    );
    assert.equal(routes.length, isRouted ? 1 : 0);
  };

/** Of the device that holds packets of a peer, for as long as a tunnel of it comes up. */
const HOLD = 'sallyport hold ';

/** Nothing of the default namespace is other than before: not one SA, link, route or rule. */
export const untouched: Proof = (now, was) => {
  const seen = ({ connections, sas, shared, links, routes, firewall }: Evidence) => ({
    connections: connections.map(({ raw }) => JSON.stringify(raw.toJSON())).sort(),
    sas: sas.map((sa) => [sa.uniqueId, ...sa.children.map(({ spiIn }) => spiIn)].join()).sort(),
    shared: [...shared].sort(),
    links: links
      .filter(({ ifalias }) => !String(ifalias).startsWith(HOLD))
      .map(({ ifname, mtu: bytes, ifalias }) => [ifname, bytes, ifalias].join()),
    routes: routes.map((row) => JSON.stringify(row)).sort(),
    rules: firewall.map((row) => JSON.stringify(row).replaceAll(/"(?:packets|bytes)": ?\d+/g, '')),
  });
  assert.deepEqual(seen(now), seen(was));
};
