// Two real charons with a cable between them: SAs made, listed, rekeyed and ended over VICI.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import {
  collect,
  parseSaEvent,
  type SaEvent,
  type ViciClient,
  ViciCommandError,
  type ViciEvent,
} from '../src/index.ts';
import { type Charon, skipReason } from './charon.ts';
import { startPair, tunnel } from './pair.ts';

const noTunnels =
  skipReason === false && !existsSync('/dev/net/tun') ? 'needs /dev/net/tun' : skipReason;

describe('a tunnel between two charons', { skip: noTunnels }, () => {
  let here: Charon;
  let there: Charon;
  let client: ViciClient;
  let events: AsyncIterator<ViciEvent, undefined>;
  before(async () => {
    [here, there] = await startPair();
    client = here.client();
    await client.loadConn('site', tunnel('10.0.0.1', '10.0.0.2', 1, 2));
    const names = ['ike-updown', 'ike-rekey', 'child-updown', 'child-rekey'];
    events = client.subscribe(names)[Symbol.asyncIterator]();
    assert.equal((await events.next()).value?.type, 'reset');
  });
  after(async () => {
    await client.close();
    await here[Symbol.asyncDispose]();
    await there[Symbol.asyncDispose]();
  });

  /** The next event of this kind; others before it are read over. */
  async function nextEvent<T extends SaEvent['type']>(
    type: T,
  ): Promise<Extract<SaEvent, { type: T }>> {
    for (;;) {
      const { value } = await events.next();
      assert.ok(value?.type === 'event');
      const event = parseSaEvent(value.name, value.message);
      if (event !== undefined && isType(event, type)) return event;
    }
  }

  test('initiate waits for the CHILD_SA and its log comes as a stream', async () => {
    const lines: string[] = [];
    const request = { child: 'net', ike: 'site', timeout: 10_000, loglevel: 1 };
    for await (const message of client.stream('initiate', 'control-log', request)) {
      lines.push(message.text('msg') ?? '');
    }
    assert.ok(lines.some((line) => /CHILD_SA net\{\d+\} established/.test(line)));
    const ike = await nextEvent('ike-updown');
    assert.equal(ike.up, true);
    assert.equal(ike.sa.name, 'site');
    const child = await nextEvent('child-updown');
    assert.equal(child.up, true);
    assert.equal(child.sa.children[0]?.name, 'net');
  });

  test('list-sas gives the typed view of it', async () => {
    const [sa, ...others] = await collect(client.listSas());
    assert.equal(others.length, 0);
    assert.equal(sa?.state, 'ESTABLISHED');
    assert.equal(sa.initiator, true);
    assert.deepEqual(sa.encryption, { algorithm: 'AES_CBC', keyBits: 256 });
    assert.equal(sa.remoteHost, '10.0.0.2');
    assert.match(sa.initiatorSpi, /^[0-9a-f]{16}$/);
    const [child] = sa.children;
    assert.equal(child?.state, 'INSTALLED');
    assert.equal(child.mode, 'TUNNEL');
    assert.deepEqual(child.localTs, ['10.1.0.0/24']);
    assert.deepEqual(child.remoteTs, ['10.2.0.0/24']);
    assert.match(child.spiIn ?? '', /^[0-9a-f]{8}$/);
    assert.equal(child.bytesIn, 0n);
    assert.ok((child.rekeySeconds ?? 0) > 0);
    assert.equal(child.dhGroup, undefined);
  });

  test('rekeying shows old and new with ids of their own', async () => {
    assert.equal(await client.rekey({ child: 'net' }), 1);
    const child = await nextEvent('child-rekey');
    assert.notEqual(child.old.uniqueId, child.new.uniqueId);
    assert.equal(child.new.dhGroup, 'ECP_256');
    assert.equal(await client.rekey({ ike: 'site' }), 1);
    const ike = await nextEvent('ike-rekey');
    assert.notEqual(ike.old.uniqueId, ike.new.uniqueId);
    assert.equal(ike.new.name, 'site');
  });

  test('terminate counts what it ended, and the second one finds nothing', async () => {
    const [sa] = await collect(client.listSas({ ike: 'site' }));
    const ikeId = sa?.uniqueId ?? '';
    assert.deepEqual(await client.terminate({ ikeId }), { matches: 1, terminated: 1 });
    const down = await nextEvent('ike-updown');
    assert.equal(down.up, false);
    assert.equal(down.sa.uniqueId, ikeId);
    await assert.rejects(
      client.terminate({ ikeId }),
      (error) => error instanceof ViciCommandError && error.terminated === 0,
    );
    assert.deepEqual(await collect(client.listSas()), []);
  });

  test('counters of the connection were counted', async () => {
    const counters = await client.getCounters('site');
    assert.equal(counters['ike-init-out-req'], 1n);
    assert.ok((counters['child-rekey'] ?? 0n) >= 1n);
    await client.resetCounters({ name: 'site' });
    assert.deepEqual(await client.getCounters('site'), {});
    assert.ok(((await client.getCounters())['ike-init-out-req'] ?? 0n) >= 1n);
  });

  test('a blocking initiate to nobody ends at the daemon and holds up no query', async () => {
    await client.loadConn('void', tunnel('10.0.0.1', '10.0.0.99', 1, 3));
    const attempt = client.initiate({ child: 'net', ike: 'void', timeoutMs: 1500 });
    const order: string[] = [];
    await Promise.all([
      assert
        .rejects(attempt, (error) => {
          assert.ok(error instanceof ViciCommandError);
          assert.match(error.errmsg, /not established after 1500ms/);
          return true;
        })
        .then(() => order.push('initiate')),
      client.version().then(() => order.push('version')),
      collect(client.listSas({ noblock: true })).then(() => order.push('list')),
    ]);
    assert.equal(order.at(-1), 'initiate');
  });
});

function isType<T extends SaEvent['type']>(
  event: SaEvent,
  type: T,
): event is Extract<SaEvent, { type: T }> {
  return event.type === type;
}
