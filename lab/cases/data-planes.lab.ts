// The data planes of the kernel, each pinned: traffic encrypted, the MTU exact, and a connection that is
// removed takes nothing of the others with it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { leftovers } from '../leftovers.ts';
import { Sallyport } from '../sallyport.ts';
import { Stranger } from '../stranger.ts';
import { createTwoSites, INNER_PREFIXES } from '../topologies/two-sites.ts';
import { until } from '../until.ts';

/** IPv4 and ICMP headers around the payload of a ping. */
const PING_HEADERS = 28;

const HALVES = [
  { name: 'lower', network: '10.2.0.0/25', address: '10.2.0.2' },
  { name: 'upper', network: '10.2.0.128/25', address: '10.2.0.130' },
] as const;

function strangersConfiguration(): string {
  const connections = HALVES.map(
    ({ name, network }) => `
  ${name} {
    version = 2
    local_addrs = 203.0.113.1
    remote_addrs = 198.51.100.1
    proposals = aes256gcm16-prfsha384-ecp384
    local {
      auth = psk
      id = ${name}.right.example
    }
    remote {
      auth = psk
      id = left.example
    }
    children {
      networks {
        local_ts = ${network}
        remote_ts = 10.1.0.0/24
        esp_proposals = aes256gcm16-ecp384
      }
    }
  }`,
  );
  return `connections {${connections.join('')}\n}\nsecrets {\n  ike-all {\n    secret = "${KEY}"\n  }\n}\n`;
}

function declarations(pinned: string): string {
  const connections = HALVES.map(({ name, network }) =>
    connection({
      name,
      networks: network,
      tunnel: `{local: {id: left.example}, remote: {address: 203.0.113.1, id: ${name}.right.example}}`,
    }),
  );
  return (
    LEFT_SITE.replace('  networks: [10.1', `  dataPlane: ${pinned}\n  networks: [10.1`) +
    connections.join('')
  );
}

describe('a pinned data plane', () => {
  // A VTI finds its packets by the outer addresses, so that there is one of them for a pair.
  for (const pinned of ['xfrm-interface', 'policy'] as const) {
    test(`${pinned} carries both connections, and one when the other is removed`, async () => {
      await using lab = await createTwoSites();
      await lab.host('hostb').ip(['address add 10.2.0.130/24 dev eth0']);
      const configFile = await lab.host('gwb').write('site.conf', strangersConfiguration());
      await new Stranger(lab.host('gwb'), { configFile, dataPlane }).start();
      const gwa = lab.host('gwa');
      const left = new Sallyport(gwa);
      await left.startAgent();
      const file = await left.declare('site', declarations(pinned), { key: KEY });
      await left.mustRun(['apply', '-f', file]);
      await left.untilUp('lower', 'upper');
      assert.equal((await left.tunnel('lower')).dataPlane, pinned);
      const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
      const hosta = lab.host('hosta');
      for (const { address } of HALVES) assert.equal((await hosta.ping(address)).received, 3);
      const { esp, clear } = await sniffer.stop();
      assert.deepEqual([esp, clear], [12, []]);

      if (pinned === 'xfrm-interface') {
        const { mtuBytes } = await left.tunnel('lower');
        const ping = (size: number): ReturnType<typeof hosta.ping> =>
          hosta.ping('10.2.0.2', { count: 2, size, dontFragment: true });
        assert.equal((await ping(mtuBytes - PING_HEADERS)).received, 2);
        assert.equal((await ping(mtuBytes - PING_HEADERS + 1)).received, 0);
      }

      const log = hosta.file('ping.log');
      const stream = hosta.spawn('ping', ['-n', '-q', '-i', '0.02', '10.2.0.130'], {
        outputFile: log,
      });
      await left.mustRun(['delete', 'connection', 'lower']);
      await until(
        'only the SAs of the other one are left',
        async () => {
          const states = await gwa.mustExec('ip', ['xfrm', 'state']);
          return states.match(/^src /gm)?.length === 2;
        },
        20_000,
      );
      stream.kill('SIGINT');
      await once(stream, 'exit');
      const [, sent, received] =
        /(\d+) packets transmitted, (\d+) received/.exec(await readFile(log, 'utf8')) ?? [];
      assert.ok(Number(sent) > 10);
      assert.equal(received, sent);
      const { tunnels } = await left.report();
      assert.deepEqual(
        tunnels.map((tunnel) => tunnel.connection),
        ['upper'],
      );
      await left.mustRun(['delete', '-f', file]);
      await left.endAgent('SIGTERM');
      await left.mustRun(['agent', '--teardown']);
      assert.deepEqual(await leftovers(gwa), []);
    });
  }

  test('vti carries its connection with an exact MTU', async () => {
    await using lab = await createTwoSites();
    const configFile = await lab.host('gwb').write('site.conf', strangersConfiguration());
    await new Stranger(lab.host('gwb'), { configFile, dataPlane }).start();
    const left = new Sallyport(lab.host('gwa'));
    await left.startAgent();
    const [text = ''] = declarations('vti').split(
      '---\napiVersion: sallyport.dev/v1alpha1\nkind: Connection\nmetadata: {name: upper}',
    );
    const file = await left.declare('site', text, { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    const { mtuBytes, dataPlane: plane } = await left.untilTunnel(
      'lower',
      'is up',
      ({ state }) => state === 'up',
    );
    assert.equal(plane, 'vti');
    const hosta = lab.host('hosta');
    const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
    const ping = (size: number): ReturnType<typeof hosta.ping> =>
      hosta.ping('10.2.0.2', { count: 2, size, dontFragment: true });
    assert.equal((await ping(mtuBytes - PING_HEADERS)).received, 2);
    assert.equal((await ping(mtuBytes - PING_HEADERS + 1)).received, 0);
    const { esp, clear } = await sniffer.stop();
    assert.deepEqual([esp, clear], [4, []]);
  });
});
