// Paths that are not straight: a NAT between the gateways, and a peer whose address changes.
// lab: any kernel

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { probe } from '../path-mtu.ts';
import { projectDirectory } from '../paths.ts';
import { Sallyport } from '../sallyport.ts';
import { Stranger } from '../stranger.ts';
import { createTwoSites, INNER_PREFIXES, type TwoSitesHost } from '../topologies/two-sites.ts';
import type { Lab } from '../topology.ts';
import { transfer } from '../transfer.ts';
import { until } from '../until.ts';

const TO_RIGHT = connection({
  name: 'right',
  networks: '10.2.0.0/24',
  tunnel: '{local: {id: left.example}, remote: {address: 203.0.113.1, id: right.example}}',
  // Probes of the usual pace would keep a NAT's entry alive, and so hide what does when there are none.
  more: '  liveness: {delaySeconds: 120}\n',
});

describe('a NAT between the gateways', () => {
  let lab: Lab<TwoSitesHost>;
  let stranger: Stranger;
  let left: Sallyport;

  before(async () => {
    lab = await createTwoSites();
    await lab.host('internet').masquerade('b');
    const configFile = join(projectDirectory, 'lab', 'sites', 'any-right.conf');
    stranger = new Stranger(lab.host('gwb'), { configFile, dataPlane });
    await stranger.start();
    left = new Sallyport(lab.host('gwa'));
    await left.startAgent();
    const file = await left.declare('site', LEFT_SITE + TO_RIGHT, { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    await left.untilUp('right');
  });
  after(async () => {
    await lab.close();
  });

  test('is found, and ESP goes in UDP', async () => {
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

  test('lets a packet of the MTU through in one piece', {
    skip: dataPlane === 'userspace' && 'user-space ESP keeps more free',
  }, async () => {
    const { mtuBytes } = await left.tunnel('right');
    const sniffer = await lab.host('internet').sniff('b', { innerPrefixes: INNER_PREFIXES });
    const hosta = lab.host('hosta');
    assert.deepEqual(await probe(hosta, '10.2.0.2', mtuBytes), { kind: 'passed' });
    const refused = { kind: 'too-big', from: '10.1.0.1', mtuBytes };
    assert.deepEqual(await probe(hosta, '10.2.0.2', mtuBytes + 1), refused);
    assert.ok(await transfer(hosta, lab.host('hostb'), '10.2.0.2', 300_000));
    const packets = await sniffer.packets();
    assert.ok(packets.every(({ isFragment }) => !isFragment));
    assert.equal(Math.max(...packets.map(({ bytes }) => bytes)), 1_500);
    assert.deepEqual((await sniffer.stop()).clear, []);
  });

  test('is kept open while nothing is sent, so that the other side can begin', async () => {
    // RFC 3948 §2.3: one byte of ones. It comes when nothing else has gone for a while.
    const keepalive = 'src 198.51.100.1 and udp dst port 4500 and udp[4:2] == 9 and udp[8] == 0xff';
    const listen = ['-i', 'a', '-n', '-c', '1', keepalive];
    await lab.host('internet').mustExec('tcpdump', listen);
    assert.equal((await lab.host('hostb').ping('10.1.0.2')).received, 3);
  });

  test('sees nothing in clear when the other side is gone', async () => {
    await stranger.stop();
    await left.untilTunnel('right', 'is down', ({ state }) => state !== 'up');
    const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
    assert.equal((await lab.host('hosta').ping('10.2.0.2', { count: 2 })).received, 0);
    assert.deepEqual((await sniffer.stop()).clear, []);
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
    assert.equal((await sniffer.seen()).ike, 0);

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
    await until(
      'the SA of the old address is gone',
      async () => {
        const sas = await left.swanctl(['--list-sas', '--raw']);
        return sas.match(/^list-sa event/gm)?.length === 1 && sas.includes('203.0.113.9');
      },
      60_000,
    );
    assert.equal((await lab.host('hosta').ping('10.2.0.2')).received, 3);
    assert.deepEqual((await sniffer.stop()).clear, []);
  });
});
