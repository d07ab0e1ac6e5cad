// All four combinations of address families, inside and outside, with one hand-configured peer.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Packet, segmentLimitOf } from '../capture.ts';
import { dataPlane } from '../data-plane.ts';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { probe } from '../path-mtu.ts';
import { Sallyport } from '../sallyport.ts';
import { Stranger } from '../stranger.ts';
import { createTwoSites, INNER_PREFIXES, type TwoSitesHost } from '../topologies/two-sites.ts';
import type { Lab } from '../topology.ts';
import { transfer } from '../transfer.ts';
import { isWell } from '../why.ts';

const SIX_IN_SIX = 'fd02::8000:0:0:2';

interface Combination {
  readonly name: string;
  readonly inner: 4 | 6;
  readonly outer: 4 | 6;
  readonly network: string;
  readonly address: string;
}

const COMBINATIONS: readonly Combination[] = [
  { name: 'four-in-four', inner: 4, outer: 4, network: '10.2.0.0/25', address: '10.2.0.2' },
  { name: 'four-in-six', inner: 4, outer: 6, network: '10.2.0.128/25', address: '10.2.0.130' },
  { name: 'six-in-four', inner: 6, outer: 4, network: 'fd02::/65', address: 'fd02::2' },
  { name: 'six-in-six', inner: 6, outer: 6, network: 'fd02:0:0:0:8000::/65', address: SIX_IN_SIX },
];

const NAMES = COMBINATIONS.map(({ name }) => name);

const OUTSIDE = {
  4: { left: '198.51.100.1', right: '203.0.113.1' },
  6: { left: '2001:db8:a::1', right: '2001:db8:b::1' },
} as const;

const INSIDE = {
  4: { network: '10.1.0.0/24', host: '10.1.0.2', gateway: '10.1.0.1', tcpHeaders: 40 },
  6: { network: 'fd01::/64', host: 'fd01:0:0:0:0:0:0:2', gateway: 'fd01::1', tcpHeaders: 60 },
} as const;

/** As a stranger writes it: one connection for each of ours, told apart by our identity. */
function strangersConfiguration(): string {
  const connections = COMBINATIONS.map(
    ({ name, inner, outer, network }) => `
  ${name} {
    version = 2
    local_addrs = ${OUTSIDE[outer].right}
    remote_addrs = ${OUTSIDE[outer].left}
    proposals = aes256gcm16-prfsha384-ecp384
    local {
      auth = psk
      id = right.example
    }
    remote {
      auth = psk
      id = ${name}.left.example
    }
    children {
      networks {
        local_ts = ${network}
        remote_ts = ${INSIDE[inner].network}
        esp_proposals = aes256gcm16-ecp384
      }
    }
  }`,
  );
  return `connections {${connections.join('')}\n}\nsecrets {\n  ike-all {\n    secret = "${KEY}"\n  }\n}\n`;
}

/** Of all packets, the ESP of one outer family: IPv6 addresses have colons. */
function espOver(packets: readonly Packet[], family: 4 | 6): readonly Packet[] {
  return packets.filter(
    ({ protocol, source }) => protocol === 50 && source.includes(':') === (family === 6),
  );
}

describe('every address family inside and outside', () => {
  let lab: Lab<TwoSitesHost>;
  let stranger: Stranger;
  let left: Sallyport;

  before(async () => {
    lab = await createTwoSites();
    await lab
      .host('hostb')
      .ip(['address add 10.2.0.130/24 dev eth0', `address add ${SIX_IN_SIX}/64 dev eth0 nodad`]);
    const configFile = await lab.host('gwb').write('strangers.conf', strangersConfiguration());
    stranger = new Stranger(lab.host('gwb'), { configFile, dataPlane });
    await stranger.start();
    left = new Sallyport(lab.host('gwa'));
    await left.startAgent();
    const connections = COMBINATIONS.map(({ name, outer, network }) =>
      connection({
        name,
        networks: `'${network}'`,
        tunnel: `{local: {id: ${name}.left.example}, remote: {address: '${OUTSIDE[outer].right}', id: right.example}}`,
      }),
    );
    const file = await left.declare('site', LEFT_SITE + connections.join(''), { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    await left.untilUp(...NAMES);
  });
  after(async () => {
    await lab.close();
  });

  test('is carried, encrypted, over the outer family that was declared', async () => {
    const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
    let counts = { 4: 0, 6: 0 };
    for (const { name, outer, address } of COMBINATIONS) {
      const { sent, received } = await lab.host('hosta').ping(address);
      assert.deepEqual([sent, received], [3, 3], name);
      const packets = await sniffer.packets();
      const now = { 4: espOver(packets, 4).length, 6: espOver(packets, 6).length };
      assert.deepEqual(now, { ...counts, [outer]: counts[outer] + 6 }, name);
      counts = now;
    }
    const { esp, espInUdp, clear } = await sniffer.stop();
    assert.deepEqual([esp, espInUdp, clear], [24, 0, []]);
  });

  for (const { name, inner, outer, address } of COMBINATIONS) {
    test(`fills its packets to the last byte: ${name}`, async () => {
      const { host, gateway, tcpHeaders } = INSIDE[inner];
      const [hosta, hostb] = [lab.host('hosta'), lab.host('hostb')];
      const { mtuBytes } = await left.tunnel(name);
      assert.equal(mtuBytes, outer === 4 ? 1_438 : 1_418);
      const outside = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
      const inside = await hostb.sniff('eth0', { innerPrefixes: [] });
      assert.deepEqual(await probe(hosta, address, mtuBytes), { kind: 'passed' });
      const refused = { kind: 'too-big', from: gateway, mtuBytes };
      assert.deepEqual(await probe(hosta, address, mtuBytes + 1), refused);
      assert.ok(await transfer(hosta, hostb, address, 300_000));

      const packets = await inside.packets();
      const limits = packets.filter(({ source }) => source === host).map(segmentLimitOf);
      assert.deepEqual(
        limits.filter((limit) => limit !== undefined),
        [mtuBytes - tcpHeaders],
      );
      const crossed = await outside.packets();
      assert.deepEqual(
        crossed.filter(({ isFragment }) => isFragment),
        [],
      );
      // What is kept free is a UDP header, for a NAT that may turn up.
      assert.equal(Math.max(...crossed.map(({ bytes }) => bytes)), 1_500 - 8);
      assert.equal(espOver(crossed, outer === 4 ? 6 : 4).length, 0);
      await inside.stop();
      assert.deepEqual((await outside.stop()).clear, []);
    });
  }

  test('is explained where nothing is wrong with it', async () => {
    for (const { name, address } of COMBINATIONS) {
      const { proofs, unseen } = await isWell(left, name, address);
      const { mtuBytes } = await left.tunnel(name);
      const proof = `${String(mtuBytes)} bytes, the MTU of the tunnel, passes in one piece; who sends one byte more is told that ${String(mtuBytes)} fit`;
      assert.ok(proofs.join('\n').includes(proof), proofs.join('\n'));
      assert.deepEqual(unseen, [], name);
    }
  });

  test('is not carried at all when the peer is gone', async () => {
    await stranger.stop();
    for (const name of NAMES) {
      await left.untilTunnel(name, 'is down', ({ state }) => state !== 'up');
    }
    const outside = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
    const leftPrefixes = [INSIDE[4].network, INSIDE[6].network];
    const inside = await lab.host('hostb').sniff('eth0', { innerPrefixes: leftPrefixes });
    for (const { name, address } of COMBINATIONS) {
      assert.equal((await lab.host('hosta').ping(address, { count: 2 })).received, 0, name);
    }
    assert.deepEqual((await outside.stop()).clear, []);
    assert.deepEqual((await inside.stop()).clear, []);
  });
});
