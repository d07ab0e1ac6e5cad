// Many connections in a real charon, two clients at once, and the answers it cannot give.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ConnectionInput, collect, type ViciClient, ViciTimeout } from '../src/index.ts';
import { Charon, skipReason } from './charon.ts';

const COUNT = 1000;

describe('a charon with many connections', { skip: skipReason }, () => {
  let charon: Charon;
  let one: ViciClient;
  let other: ViciClient;
  before(async () => {
    charon = await Charon.start();
    [one, other] = [charon.client(), charon.client()];
  });
  after(async () => {
    await Promise.all([one.close(), other.close()]);
    await charon[Symbol.asyncDispose]();
  });

  test(`${String(COUNT)} connections are loaded, listed in full and unloaded`, async () => {
    const names = Array.from({ length: COUNT }, (_, i) => `site-${String(i)}`);
    await Promise.all(names.map((name, i) => one.loadConn(name, connection(i))));
    assert.deepEqual(await one.getConns(), names);
    const listed = await collect(one.listConns());
    assert.deepEqual(
      listed.map(({ name }) => name),
      names,
    );
    const last = listed.at(-1);
    assert.deepEqual(last?.remoteAddrs, ['192.0.2.7', '198.51.103.231']);
    assert.deepEqual(last.children[0]?.remoteTs, ['10.3.231.0/24']);
    assert.equal(last.version, 'IKEv2');
    assert.equal(last.local[0]?.class, 'pre-shared key');
    await Promise.all(names.map((name) => one.unloadConn(name)));
    assert.deepEqual(await collect(one.listConns()), []);
  });

  test('leaving a listing early does not disturb the calls after it', async () => {
    for (let i = 0; i < 300; i++) await one.loadConn(`early-${String(i)}`, connection(i));
    for await (const { name } of one.listConns()) {
      assert.equal(name, 'early-0');
      break;
    }
    assert.equal((await collect(one.listConns())).length, 300);
    assert.equal(one.generation, 1);
    await Promise.all(Array.from({ length: 300 }, (_, i) => one.unloadConn(`early-${String(i)}`)));
  });

  test('two clients load, list and subscribe at the same time', async () => {
    const subscription = other.subscribe(['log'], { limit: 100_000 });
    const reader = subscription[Symbol.asyncIterator]();
    assert.equal((await reader.next()).value?.type, 'reset');
    const load = (client: ViciClient, prefix: string): Promise<unknown> =>
      Promise.all(
        Array.from({ length: 200 }, (_, i) =>
          client.loadConn(`${prefix}${String(i)}`, connection(i)),
        ),
      );
    const lists = async (client: ViciClient): Promise<void> => {
      for (let round = 0; round < 10; round++) {
        const names = (await collect(client.listConns())).map(({ name }) => name);
        assert.equal(new Set(names).size, names.length);
      }
    };
    await Promise.all([load(one, 'a'), load(other, 'b'), lists(one), lists(other)]);
    assert.equal((await one.getConns()).length, 400);
    assert.deepEqual(await one.getConns(), await other.getConns());
    subscription.close();
    await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        Promise.all([one.unloadConn(`b${String(i)}`), other.unloadConn(`a${String(i)}`)]),
      ),
    );
    assert.deepEqual(await one.getConns(), []);
  });

  test('an answer over 512 KiB never comes: the call times out, the next one works', async () => {
    // 2,300 names of 240 bytes do not fit into one get-conns answer.
    const names = Array.from({ length: 2300 }, (_, i) => String(i).padStart(240, 'n'));
    await Promise.all(names.map((name) => one.loadConn(name, { version: 2 })));
    await assert.rejects(one.getConns({ timeoutMs: 1000 }), ViciTimeout);
    assert.equal((await collect(one.listConns())).length, names.length);
    assert.equal(one.generation, 1);
  });
});

function connection(number: number): ConnectionInput {
  const third = String(number >> 8);
  const fourth = String(number & 255);
  return {
    version: 2,
    local_addrs: ['192.0.2.1'],
    remote_addrs: ['192.0.2.7', `198.51.${String(100 + (number >> 8))}.${fourth}`],
    proposals: ['aes256-sha256-ecp256'],
    local: { auth: 'psk', id: 'gateway' },
    remote: { auth: 'psk', id: `peer-${String(number)}` },
    children: {
      net: {
        local_ts: ['10.255.0.0/16'],
        remote_ts: [`10.${third}.${fourth}.0/24`],
        esp_proposals: ['aes256-sha256'],
      },
    },
  };
}
