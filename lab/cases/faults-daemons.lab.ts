// Daemons that die: traffic goes on or comes back, without a person, and nothing is left over.

// lab: userspace

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { leftovers } from '../leftovers.ts';
import { projectDirectory } from '../paths.ts';
import { Sallyport } from '../sallyport.ts';
import { Stranger } from '../stranger.ts';
import { createTwoSites, INNER_PREFIXES, type TwoSitesHost } from '../topologies/two-sites.ts';
import type { Lab } from '../topology.ts';

const DECLARATIONS =
  LEFT_SITE +
  connection({
    name: 'right',
    networks: '10.2.0.0/24',
    tunnel: '{local: {id: left.example}, remote: {address: 203.0.113.1, id: right.example}}',
  });

describe('with a tunnel to a stranger', () => {
  let lab: Lab<TwoSitesHost>;
  let left: Sallyport;
  let file: string;

  before(async () => {
    lab = await createTwoSites();
    const configFile = join(projectDirectory, 'lab', 'sites', 'plain-right.conf');
    await new Stranger(lab.host('gwb'), { configFile, dataPlane }).start();
    left = new Sallyport(lab.host('gwa'));
    await left.startAgent();
    file = await left.declare('site', DECLARATIONS, { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    await left.untilUp('right');
  });
  after(async () => {
    await lab.close();
  });

  const carries = async (): Promise<boolean> =>
    (await lab.host('hosta').ping('10.2.0.2', { count: 2 })).received === 2;

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`an agent that ends by ${signal} leaves the tunnel; the next one takes it over as it is`, async () => {
      const { ike, children } = await left.tunnel('right');
      await left.endAgent(signal);
      assert.ok(await carries());
      await left.startAgent();
      const taken = await left.untilTunnel('right', 'is taken over', ({ state }) => state === 'up');
      assert.equal(taken.ike?.uniqueId, ike?.uniqueId);
      assert.deepEqual(
        taken.children.map(({ spiIn }) => spiIn),
        children.map(({ spiIn }) => spiIn),
      );
      const { differences, problems } = await left.report();
      assert.deepEqual([differences, problems], [[], []]);
    });
  }

  test('a daemon that was killed is back with its tunnel, and nothing was in clear meanwhile', async () => {
    const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
    const { ike } = await left.tunnel('right');
    await left.killDaemon();
    await lab.host('hosta').ping('10.2.0.2', { count: 2 });
    await left.untilTunnel(
      'right',
      'is up anew',
      (tunnel) => tunnel.state === 'up' && tunnel.ike !== undefined,
    );
    assert.ok(await carries());
    assert.ok(ike);
    assert.deepEqual((await sniffer.stop()).clear, []);
  });

  test('a broken file changes nothing', async () => {
    const { wantedRevision } = await left.report();
    const broken = await left.declare('broken', DECLARATIONS.replace('10.2.0.0/24', '10.2.0.1/24'));
    const { status, stderr } = await left.run(['apply', '-f', broken]);
    assert.equal(status, 1);
    assert.match(stderr, /broken\.yaml:\d+:\d+: error: .*10\.2\.0\.1\/24/);
    const report = await left.report();
    assert.equal(report.revisionInEffect, wantedRevision);
    assert.ok(await carries());
  });

  test('a second agent on the host is refused, and names the first', async () => {
    const { status, stderr } = await left.run(['agent']);
    assert.equal(status, 1);
    assert.match(stderr, /another Sallyport agent already runs on this host \(pid \d+, since /);
  });

  test('a full disk leaves the old plan in force', async () => {
    const { wantedRevision } = await left.report();
    const changed = await left.declare(
      'changed',
      `${DECLARATIONS}  liveness: {delaySeconds: 33}\n`,
    );
    // A process that may write no file above one block meets the same wall as on a full disk.
    const { status, stderr } = await left.host.exec(
      'prlimit',
      ['--fsize=512', process.execPath, left.program, 'apply', '-f', changed],
      { env: left.environment },
    );
    assert.equal(status, 1);
    assert.match(stderr, /EFBIG|file too large/i);
    const report = await left.report();
    assert.equal(report.revisionInEffect, wantedRevision);
    assert.ok(await carries());
  });

  test('teardown removes what is ours and leaves what is not, byte for byte', async () => {
    await left.endAgent('SIGTERM');
    const gwa = lab.host('gwa');
    await gwa.mustExec('nft', ['add', 'table', 'inet', 'theirs']);
    await gwa.ip([
      'route add 10.77.0.0/16 dev lan table 8300',
      'rule add priority 8301 from all lookup 77',
    ]);
    await left.mustRun(['agent', '--teardown']);
    assert.deepEqual(await leftovers(gwa), []);
    assert.match(await gwa.mustExec('nft', ['list', 'tables']), /inet theirs/);
    assert.match(await gwa.mustExec('ip', ['route', 'show', 'table', '8300']), /10\.77\.0\.0\/16/);
    assert.match(await gwa.mustExec('ip', ['rule', 'show']), /8301:/);
  });

  test('a foreign daemon on the IKE ports is refused, and used when told to, without touching its own', async () => {
    const gwa = lab.host('gwa');
    await gwa.ip(['route flush table 8300', 'rule delete priority 8301']);
    const configFile = join(projectDirectory, 'lab', 'sites', 'plain-left.conf');
    const foreign = new Stranger(gwa, { configFile, dataPlane });
    await foreign.start();
    await foreign.swanctl(['--initiate', '--child', 'networks', '--timeout', '20']);
    const theirs = (): Promise<string> => foreign.swanctl(['--list-sas', '--ike', 'site', '--raw']);
    const id = /uniqueid=(\d+)/.exec(await theirs())?.[1];
    assert.ok(id);

    await left.startAgent();
    await left.mustRun(['apply', '-f', file, '--timeout', '1']).catch(() => undefined);
    const { problems } = await left.report();
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['engine/foreign-daemon'],
    );
    assert.match(problems[0]?.message ?? '', /--charon-socket/);
    await left.endAgent('SIGTERM');

    await left.startAgent(['--charon-socket', `unix://${gwa.file('vici')}`]);
    await left.untilUp('right');
    assert.equal((await left.report()).engine.external, true);
    assert.equal(/uniqueid=(\d+)/.exec(await theirs())?.[1], id);
    await left.mustRun(['delete', '-f', file]);
    await left.endAgent('SIGTERM');
    assert.equal(/uniqueid=(\d+)/.exec(await theirs())?.[1], id);
    const connections = await foreign.swanctl(['--list-conns', '--raw']);
    assert.match(connections, /site \{/);
    assert.doesNotMatch(connections, /sp\./);
  });
});
