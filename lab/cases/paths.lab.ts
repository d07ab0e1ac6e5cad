// Paths that are not straight: a NAT between the gateways, and a peer whose address changes.

// lab: userspace

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { projectDirectory } from '../paths.ts';
import { Sallyport } from '../sallyport.ts';
import { Stranger } from '../stranger.ts';
import { createTwoSites, INNER_PREFIXES } from '../topologies/two-sites.ts';

const TO_RIGHT = connection({
  name: 'right',
  networks: '10.2.0.0/24',
  tunnel: '{local: {id: left.example}, remote: {address: 203.0.113.1, id: right.example}}',
});

describe('a NAT between the gateways', () => {
  test('is found, and ESP goes in UDP', async () => {
    await using lab = await createTwoSites();
    await lab.host('internet').masquerade('b');
    const configFile = join(projectDirectory, 'lab', 'sites', 'any-right.conf');
    await new Stranger(lab.host('gwb'), { configFile, dataPlane }).start();
    const left = new Sallyport(lab.host('gwa'));
    await left.startAgent();
    const file = await left.declare('site', LEFT_SITE + TO_RIGHT, { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    await left.untilUp('right');
    const { ike, children } = await left.tunnel('right');
    assert.equal(ike?.natDetected, true);
    assert.deepEqual(
      children.map(({ encapsulated }) => encapsulated),
      [true],
    );
    const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
    const { sent, received } = await lab.host('hosta').ping('10.2.0.2');
    assert.deepEqual([sent, received], [3, 3]);
    const { esp, espInUdp, clear } = await sniffer.stop();
    assert.deepEqual([esp, espInUdp, clear], [0, 6, []]);
  });
});

/** As a stranger with a dynamic address writes it: it calls from wherever it is. */
const ROAMING = `
connections {
  office {
    version = 2
    remote_addrs = 198.51.100.1
    proposals = aes256gcm16-prfsha384-ecp384
    mobike = no
    local {
      auth = psk
      id = roaming.example
    }
    remote {
      auth = psk
      id = left.example
    }
    children {
      networks {
        local_ts = 10.2.0.0/24
        remote_ts = 10.1.0.0/24
        esp_proposals = aes256gcm16-ecp384
      }
    }
  }
}
secrets {
  ike-office {
    secret = "${KEY}"
  }
}
`;

describe('a peer on a dynamic address', () => {
  test('is waited for, answered wherever it calls from, and drops nothing into the clear', async () => {
    await using lab = await createTwoSites();
    const roaming = lab.host('gwb');
    const configFile = await roaming.write('roaming.conf', ROAMING);
    const stranger = new Stranger(roaming, { configFile, dataPlane });
    const left = new Sallyport(lab.host('gwa'));
    await left.startAgent();
    const text = connection({
      name: 'roaming',
      networks: '10.2.0.0/24',
      tunnel: '{local: {id: left.example}, remote: {id: roaming.example}}',
      more: '  start: respond\n',
    });
    const file = await left.declare('site', LEFT_SITE + text, { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    const waiting = await left.run(['status']);
    assert.equal(waiting.status, 0);
    assert.match(waiting.stdout, /waiting for the other side/);
    const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
    assert.equal((await lab.host('hosta').ping('10.2.0.2', { count: 2 })).received, 0);

    await stranger.start();
    const connect = (): Promise<string> =>
      stranger.swanctl(['--initiate', '--child', 'networks', '--timeout', '20']);
    await connect();
    const first = await left.untilTunnel('roaming', 'is up', ({ state }) => state === 'up');
    assert.equal((await lab.host('hosta').ping('10.2.0.2')).received, 3);

    // The line was cut without a word, and the provider gave another address.
    await stranger.kill();
    await roaming.ip([
      'address add 203.0.113.9/29 dev wan',
      'address delete 203.0.113.1/30 dev wan',
      'route replace default via 203.0.113.10',
    ]);
    await lab
      .host('internet')
      .ip(['address add 203.0.113.10/29 dev b', 'route replace 10.2.0.0/24 via 203.0.113.9']);
    await stranger.start();
    await connect();
    const second = await left.untilTunnel(
      'roaming',
      'is up from the new address',
      ({ state, ike }) => state === 'up' && ike?.uniqueId !== first.ike?.uniqueId,
    );
    assert.notEqual(second.ike?.uniqueId, first.ike?.uniqueId);
    assert.equal((await lab.host('hosta').ping('10.2.0.2')).received, 3);
    assert.deepEqual((await sniffer.stop()).clear, []);
  });
});
