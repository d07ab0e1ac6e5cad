// Many connections on one gateway, to a hundred remote addresses: paced, listed, changed one by one,
// and back after their daemon was killed.
//
// lab: any kernel

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { atLength } from '../length.ts';
import { startPingStream } from '../ping-stream.ts';
import { Sallyport, type TunnelView } from '../sallyport.ts';
import { hostBehind, siteName, Thousand } from '../topologies/thousand.ts';
import { until } from '../until.ts';

const CONNECTIONS = atLength({ whole: 1_000, short: 120 });
/** Not the agent's default, so that it is seen to be obeyed. */
const WINDOW = 40;
const PATIENCE_SECONDS = 240;
const MOST_MEBIBYTES = 400;
const MOST_MILLISECONDS = 30_000;

/** Numbers of connections: the one that is changed, and others of its own and of other remote hosts. */
const CHANGED = 5;
const WATCHED = [0, 105, CONNECTIONS - 1];

/** Unique ids of all SAs of each connection but one. */
function idsBut(tunnels: readonly TunnelView[], name: string): readonly string[] {
  return tunnels
    .filter(({ connection }) => connection !== name)
    .map(({ connection, ike, children }) =>
      [connection, ike?.uniqueId, ...children.map(({ uniqueId }) => uniqueId)].join(' '),
    );
}

describe(`${String(CONNECTIONS)} connections`, () => {
  let network: Thousand;
  let gateway: Sallyport;

  const apply = (path: string): Promise<string> =>
    gateway.mustRun(['apply', '-f', path, '--timeout', String(PATIENCE_SECONDS)], {
      timeoutMs: (PATIENCE_SECONDS + 30) * 1_000,
    });
  const tunnels = async (): Promise<readonly TunnelView[]> => (await gateway.report()).tunnels;
  /** Returns the most tunnels that were seen being brought up at once. */
  const untilAllUp = async (): Promise<number> => {
    let most = 0;
    await until(
      'every tunnel is up',
      async () => {
        const states = (await tunnels()).map(({ state }) => state);
        most = Math.max(most, states.filter((state) => state === 'connecting').length);
        return states.length === CONNECTIONS && states.every((state) => state === 'up');
      },
      PATIENCE_SECONDS * 1_000,
    );
    return most;
  };

  /** Waits: on a busy machine an answer may take longer than its ping while the last ones come up. */
  const untilCarried = async (): Promise<void> => {
    for (const number of WATCHED) {
      await until(
        `${siteName(number)} carries packets`,
        async () => (await network.lab.host('lan').ping(hostBehind(number))).received === 3,
        20_000,
      );
    }
  };

  before(async () => {
    network = await Thousand.create({ connections: CONNECTIONS, dataPlane });
    gateway = new Sallyport(network.lab.host('gw'));
    await gateway.startAgent(['--window', String(WINDOW)]);
  });
  after(() => network[Symbol.asyncDispose]());

  test('come up, never more at once than the window is wide', async (t) => {
    const begin = performance.now();
    await apply(network.declarations);
    const most = await untilAllUp();
    t.diagnostic(`all up after ${String(Math.round((performance.now() - begin) / 1_000))} s`);
    assert.ok(most <= WINDOW, `${String(most)} at once`);
    await untilCarried();
  });

  test('are listed and told of in bounded time, from bounded memory', async (t) => {
    for (const words of [['status'], ['status', '-o', 'json'], ['get', 'connections']]) {
      const begin = performance.now();
      const text = await gateway.mustRun(words);
      const took = performance.now() - begin;
      t.diagnostic(`sallyport ${words.join(' ')}: ${String(Math.round(took))} ms`);
      assert.ok(text.split('site-').length > CONNECTIONS);
      assert.ok(took < MOST_MILLISECONDS);
    }
    const memory = await gateway.agentMemory();
    t.diagnostic(`resident memory of the agent: ${String(Math.round(memory))} MiB`);
    assert.ok(memory < MOST_MEBIBYTES);
  });

  test('stay as they are while one of them is changed', async (t) => {
    const name = siteName(CHANGED);
    const lan = network.lab.host('lan');
    const streams = await Promise.all(
      [CHANGED, ...WATCHED].map((number) => startPingStream(lan, hostBehind(number), 0.01)),
    );
    const standing = await tunnels();
    const begin = performance.now();
    await apply(await network.declare(CHANGED, 'short'));
    t.diagnostic(`in effect after ${String(Math.round(performance.now() - begin))} ms`);
    assert.deepEqual(idsBut(await tunnels(), name), idsBut(standing, name));
    const listed = await gateway.swanctl([
      '--list-sas',
      '--raw',
      '--ike',
      `sp.default.${name}.main`,
    ]);
    const keySizes = [...listed.matchAll(/encr-keysize=(\d+)/g)].map(([, bits]) => bits);
    assert.deepEqual(keySizes, ['128', '128'], 'of the IKE SA and the Child SA');
    const [own, ...others] = await Promise.all(streams.map((stream) => stream.stop()));
    for (const { lost, received } of others) {
      assert.deepEqual(lost, []);
      assert.ok(received > 100);
    }
    t.diagnostic(`lost on the changed one: ${String(own?.lost.length)}`);
  });

  test('come back by themselves when charon was killed', async (t) => {
    const pid = await gateway.killDaemon();
    const begin = performance.now();
    await until('another charon runs', async () => (await gateway.daemonPid()) !== pid, 60_000);
    assert.ok((await untilAllUp()) <= WINDOW);
    t.diagnostic(`all back after ${String(Math.round((performance.now() - begin) / 1_000))} s`);
    await untilCarried();
  });
});
