// Somebody else's IKE daemon on the gateway: refused, and used when told to, without touching its own.

// lab: any kernel

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { leftovers } from '../leftovers.ts';
import { projectDirectory } from '../paths.ts';
import { type PingStream, startPingStream } from '../ping-stream.ts';
import { Sallyport } from '../sallyport.ts';
import { Stranger } from '../stranger.ts';
import { createTwoSites, type TwoSitesHost } from '../topologies/two-sites.ts';
import type { Lab } from '../topology.ts';

const REFUSAL =
  /another IKE daemon already runs on this host \(UDP 500 and 4500 is taken\): tell Sallyport to use it with --charon-socket, or stop it/;

/** The site's administrator lets Sallyport's networks in beside those that both daemons know. */
async function rightConfiguration(): Promise<string> {
  const text = await readFile(join(projectDirectory, 'lab', 'sites', 'plain-right.conf'), 'utf8');
  return text.replace(
    'children {',
    `children {
      more {
        local_ts = fd02::/64
        remote_ts = fd01::/64
        esp_proposals = aes256gcm16-ecp384
      }`,
  );
}

describe("with somebody else's IKE daemon on the gateway", () => {
  let lab: Lab<TwoSitesHost>;
  let foreign: Stranger;
  let left: Sallyport;
  let file: string;
  let stream: PingStream;

  before(async () => {
    lab = await createTwoSites();
    const right = await lab.host('gwb').write('site.conf', await rightConfiguration());
    await new Stranger(lab.host('gwb'), { configFile: right, dataPlane }).start();
    const configFile = join(projectDirectory, 'lab', 'sites', 'plain-left.conf');
    foreign = new Stranger(lab.host('gwa'), { configFile, dataPlane });
    await foreign.start();
    await foreign.swanctl(['--initiate', '--child', 'networks', '--timeout', '20']);
    stream = await startPingStream(lab.host('hosta'), '10.2.0.2', 0.05);
    left = new Sallyport(lab.host('gwa'));
    file = await left.declare(
      'site',
      LEFT_SITE +
        connection({
          name: 'right',
          networks: "'fd02::/64'",
          tunnel: '{local: {id: left.example}, remote: {address: 203.0.113.1, id: right.example}}',
        }),
      { key: KEY },
    );
  });
  after(async () => {
    await lab.close();
  });

  /** Its connections in full, and of its SAs what stays while they do. */
  const theirs = async (): Promise<readonly string[]> => {
    const connections = (await foreign.swanctl(['--list-conns', '--raw']))
      .split('\n')
      .filter((line) => !line.includes('{sp.'));
    const sas = await foreign.swanctl(['--list-sas', '--ike', 'site', '--raw']);
    return [...connections, ...(sas.match(/\b(?:uniqueid|spi-in|spi-out|state)=\S+/g) ?? [])];
  };

  test('it is not taken for ours: the agent says so and stays away', async () => {
    const before = await theirs();
    assert.ok(before.some((line) => line.startsWith('spi-in=')));
    await left.startAgent();
    const { status, stdout } = await left.run(['apply', '-f', file, '--timeout', '2']);
    assert.equal(status, 3);
    assert.match(stdout, REFUSAL);
    const { problems, engines, tunnels } = await left.report();
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['engine/foreign-daemon'],
    );
    assert.equal(engines[0]?.state, 'stopped');
    assert.deepEqual(
      tunnels.map(({ state }) => state),
      ['down'],
    );
    assert.match((await left.run(['status'])).stdout, REFUSAL);
    assert.deepEqual(await theirs(), before);
    await left.endAgent('SIGTERM');
  });

  test('told to use it, the agent does, beside what is there', async () => {
    const before = await theirs();
    await left.startAgent(['--charon-socket', `unix://${foreign.host.file('vici')}`]);
    await left.untilUp('right');
    const { engines, wantedRevision, revisionInEffect } = await left.report();
    assert.equal(engines[0]?.external, true);
    assert.equal(revisionInEffect, wantedRevision);
    const { sent, received } = await lab.host('hosta').ping('fd02::2');
    assert.deepEqual([sent, received], [3, 3]);
    assert.deepEqual(await theirs(), before);
  });

  test('an agent that is killed leaves both; the next one takes ours over', async () => {
    const before = await theirs();
    const { ike } = await left.tunnel('right');
    await left.endAgent('SIGKILL');
    assert.equal((await lab.host('hosta').ping('fd02::2')).received, 3);
    await left.startAgent(['--charon-socket', `unix://${foreign.host.file('vici')}`]);
    await left.untilUp('right');
    assert.equal((await left.tunnel('right')).ike?.uniqueId, ike?.uniqueId);
    assert.deepEqual(await theirs(), before);
  });

  test('teardown takes ours out of it, ends nothing of theirs, and not one of their packets was lost', async () => {
    const before = await theirs();
    await left.endAgent('SIGTERM');
    const socket = `unix://${foreign.host.file('vici')}`;
    await left.mustRun(['agent', '--teardown', '--charon-socket', socket]);
    assert.deepEqual(await theirs(), before);
    const all = await foreign.swanctl(['--list-conns', '--raw']);
    const sas = await foreign.swanctl(['--list-sas', '--raw']);
    assert.doesNotMatch(all + sas, /\bsp\./);
    assert.deepEqual(await leftovers(left.host), []);
    assert.deepEqual((await stream.stop()).lost, []);
  });
});
