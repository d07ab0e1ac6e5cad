// All four combinations of address families, inside and outside, with one hand-configured peer.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { Sallyport } from '../sallyport.ts';
import { Stranger } from '../stranger.ts';
import { createTwoSites, INNER_PREFIXES } from '../topologies/two-sites.ts';

const COMBINATIONS = [
  { name: 'four-in-four', outer: 4, network: '10.2.0.0/25', address: '10.2.0.2' },
  { name: 'four-in-six', outer: 6, network: '10.2.0.128/25', address: '10.2.0.130' },
  { name: 'six-in-four', outer: 4, network: 'fd02::/65', address: 'fd02::2' },
  { name: 'six-in-six', outer: 6, network: 'fd02::8000:0:0:0/65', address: 'fd02::8000:0:0:2' },
] as const;

const ENDS = {
  4: { left: '198.51.100.1', right: '203.0.113.1' },
  6: { left: '2001:db8:a::1', right: '2001:db8:b::1' },
} as const;

/** As a stranger writes it: one connection for each of ours, told apart by our identity. */
function strangersConfiguration(): string {
  const connections = COMBINATIONS.map(({ name, outer, network }) => {
    const inside = network.includes(':') ? 'fd01::/64' : '10.1.0.0/24';
    return `
  ${name} {
    version = 2
    local_addrs = ${ENDS[outer].right}
    remote_addrs = ${ENDS[outer].left}
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
        remote_ts = ${inside}
        esp_proposals = aes256gcm16-ecp384
      }
    }
  }`;
  });
  return `connections {${connections.join('')}\n}\nsecrets {\n  ike-all {\n    secret = "${KEY}"\n  }\n}\n`;
}

describe('every address family inside and outside', () => {
  test('is carried encrypted, and not at all when the peer is gone', async () => {
    await using lab = await createTwoSites();
    await lab
      .host('hostb')
      .ip(['address add 10.2.0.130/24 dev eth0', 'address add fd02::8000:0:0:2/64 dev eth0 nodad']);
    const configFile = await lab.host('gwb').write('strangers.conf', strangersConfiguration());
    const stranger = new Stranger(lab.host('gwb'), { configFile, dataPlane });
    await stranger.start();
    const left = new Sallyport(lab.host('gwa'));
    await left.startAgent();
    const connections = COMBINATIONS.map(({ name, outer, network }) =>
      connection({
        name,
        networks: `'${network}'`,
        tunnel: `{local: {id: ${name}.left.example}, remote: {address: '${ENDS[outer].right}', id: right.example}}`,
      }),
    );
    const file = await left.declare('site', LEFT_SITE + connections.join(''), { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    await left.untilUp(...COMBINATIONS.map(({ name }) => name));

    const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
    for (const { name, address } of COMBINATIONS) {
      const { sent, received } = await lab.host('hosta').ping(address);
      assert.deepEqual([sent, received], [3, 3], name);
    }
    const seen = await sniffer.stop();
    assert.deepEqual(seen.clear, []);
    assert.equal(seen.esp + seen.espInUdp, 24);

    await stranger.stop();
    for (const { name } of COMBINATIONS) {
      await left.untilTunnel(name, 'is down', ({ state }) => state !== 'up');
    }
    const after = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
    for (const { name, address } of COMBINATIONS) {
      assert.equal((await lab.host('hosta').ping(address, { count: 2 })).received, 0, name);
    }
    assert.deepEqual((await after.stop()).clear, []);
  });
});
