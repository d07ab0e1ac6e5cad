// What is recorded of a tunnel: every byte over many SAs, every change with its cause, whoever is killed.

// lab: any kernel

import assert from 'node:assert/strict';
import { type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { projectDirectory } from '../paths.ts';
import { type HistoryView, Sallyport } from '../sallyport.ts';
import { Stranger } from '../stranger.ts';
import { createTwoSites, type TwoSitesHost } from '../topologies/two-sites.ts';
import type { Lab } from '../topology.ts';
import { until } from '../until.ts';

/** Bytes that ESP counts of a ping: IPv4, ICMP and the payload. */
const PAYLOAD_BYTES = 200;
const PACKET_BYTES = 20 + 8 + PAYLOAD_BYTES;
const LIVENESS_SECONDS = 2;

interface EventView {
  readonly sequence: number;
  readonly reason: string;
  readonly object: { readonly kind: string; readonly name: string };
  readonly before?: string;
  readonly after?: string;
  readonly cause?: { readonly code: string };
}

type Totals = Pick<HistoryView, 'bytesIn' | 'bytesOut' | 'packetsIn' | 'packetsOut'>;

function totalsOf({ bytesIn, bytesOut, packetsIn, packetsOut }: Totals): Totals {
  return { bytesIn, bytesOut, packetsIn, packetsOut };
}

describe('a tunnel whose SAs live for seconds', () => {
  let lab: Lab<TwoSitesHost>;
  let left: Sallyport;
  let stranger: Stranger;
  let follower: ChildProcess;

  before(async () => {
    lab = await createTwoSites();
    const configFile = join(projectDirectory, 'lab', 'sites', 'rekeying-right.conf');
    stranger = new Stranger(lab.host('gwb'), { configFile, dataPlane });
    await stranger.start();
    left = new Sallyport(lab.host('gwa'));
    await left.startAgent();
    const text = connection({
      ...{ name: 'right', networks: '10.2.0.0/24' },
      tunnel: '{local: {id: left.example}, remote: {address: 203.0.113.1, id: right.example}}',
      more: `  liveness: {delaySeconds: ${String(LIVENESS_SECONDS)}}\n`,
    });
    const file = await left.declare('site', LEFT_SITE + text, { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    await left.untilUp('right');
    follower = left.host.spawn(
      process.execPath,
      [left.program, 'events', '--follow', '-o', 'json'],
      {
        env: left.environment,
        outputFile: left.host.file('followed.jsonl'),
      },
    );
  });
  after(async () => {
    await lab.close();
  });

  const history = async (): Promise<HistoryView> => (await left.tunnel('right')).history;
  const events = async (): Promise<readonly EventView[]> =>
    JSON.parse(await left.mustRun(['events', '-o', 'json'])) as readonly EventView[];
  const eventsAfter = async (last: EventView | undefined): Promise<readonly EventView[]> =>
    (await events()).filter(({ sequence }) => sequence > (last?.sequence ?? 0));
  const lastEvent = async (): Promise<EventView | undefined> => (await events()).at(-1);

  /** Sends so many packets and waits until the history has exactly these more. */
  const carry = async (count: number): Promise<void> => {
    const start = totalsOf(await history());
    const { sent, received } = await lab.host('hosta').ping('10.2.0.2', {
      ...{ count, size: PAYLOAD_BYTES, intervalSeconds: 0.05, waitSeconds: 2 },
    });
    assert.deepEqual([sent, received], [count, count]);
    const wanted: Totals = {
      bytesIn: start.bytesIn + count * PACKET_BYTES,
      bytesOut: start.bytesOut + count * PACKET_BYTES,
      packetsIn: start.packetsIn + count,
      packetsOut: start.packetsOut + count,
    };
    const counted = await left.untilTunnel(
      'right',
      `has carried ${JSON.stringify(wanted)}`,
      (tunnel) => tunnel.history.packetsIn >= wanted.packetsIn,
    );
    assert.deepEqual(totalsOf(counted.history), wanted);
  };

  /** Lets the SAs that carried it end. */
  const afterRekeyings = async (count: number): Promise<HistoryView> => {
    const { rekeys } = await history();
    const { history: later } = await left.untilTunnel(
      'right',
      'is rekeyed',
      (tunnel) => tunnel.history.rekeys >= rekeys + count,
    );
    return later;
  };

  test('adds up to what was sent, over many rekeyings under traffic, and stays so', async () => {
    const start = await history();
    await carry(400);
    const sum = await history();
    assert.ok(sum.rekeys - start.rekeys >= 5, `${String(sum.rekeys - start.rekeys)} rekeyings`);
    const later = await afterRekeyings(3);
    assert.deepEqual(totalsOf(later), totalsOf(sum));
    assert.equal(later.flaps, 0);
  });

  test('was brought up by one event of each kind; rekeyings are none', async () => {
    const reasons = (await events()).map(({ reason }) => reason);
    for (const reason of ['AgentStarted', 'EngineStarted', 'PlanInEffect', 'TunnelUp'])
      assert.equal(reasons.filter((other) => other === reason).length, 1, reasons.join(' '));
    assert.ok(!reasons.includes('TunnelReplaced'), reasons.join(' '));
  });

  test('goes on counting after kill -9 of the agent, and tells of it', async () => {
    const sum = totalsOf(await history());
    const last = await lastEvent();
    await until(
      'the history is on disk',
      async () => {
        const text = await readFile(left.host.file('state/agent/history.json'), 'utf8');
        return storedPackets(text) === sum.packetsOut;
      },
      20_000,
    );
    await left.endAgent('SIGKILL');
    await left.startAgent();
    await left.untilUp('right');
    assert.deepEqual(totalsOf(await history()), sum);
    assert.equal((await history()).flaps, 0);
    assert.deepEqual(
      (await eventsAfter(last)).map(({ reason }) => reason),
      ['AgentStarted'],
    );
    await carry(100);
  });

  test('goes on counting after kill -9 of the daemon, whose unique ids begin again', async () => {
    await afterRekeyings(2);
    const sum = totalsOf(await history());
    const last = await lastEvent();
    await left.killDaemon();
    await left.untilTunnel('right', 'has flapped', (tunnel) => tunnel.history.flaps === 1);
    await left.untilUp('right');
    assert.deepEqual(totalsOf(await history()), sum);
    await carry(100);
    const found = await eventsAfter(last);
    const reasons = found.map(({ reason }) => reason);
    const daemon = reasons.findIndex((reason) => reason.startsWith('Engine'));
    const tunnel = reasons.indexOf('TunnelDown');
    assert.ok(
      daemon >= 0 && daemon < tunnel && tunnel < reasons.indexOf('TunnelUp'),
      reasons.join(' '),
    );
  });

  test('tells of a peer that is killed, why it stays down, and when it is back', async () => {
    const last = await lastEvent();
    const { flaps } = await history();
    await stranger.kill();
    await left.untilTunnel('right', 'is down', ({ cause }) => cause !== undefined);
    await until(
      'the cause is told',
      async () => (await eventsAfter(last)).some(({ cause }) => cause?.code === 'ike/no-answer'),
      90_000,
    );
    await stranger.start();
    await left.untilUp('right');
    const told = (await eventsAfter(last)).filter(({ object }) => object.name === 'right');
    assert.equal(told[0]?.reason, 'TunnelDown');
    assert.equal(told[0].before, 'up');
    assert.equal(told.at(-1)?.reason, 'TunnelUp');
    const now = await history();
    assert.equal(now.flaps, flaps + 1);
    // When it is back it answers before it knows us, which is another cause.
    assert.equal(
      now.lastError?.code,
      told.findLast(({ cause }) => cause !== undefined)?.cause?.code,
    );
    assert.ok(now.upSeconds > 30);
    const share = Number(/up ([\d.]+) % of/.exec(await left.mustRun(['status', 'right']))?.[1]);
    assert.ok(share > 20 && share < 100, String(share));
  });

  test('numbers its events without a gap; who follows sees the same, and may end', async () => {
    const all = await events();
    assert.deepEqual(
      all.map(({ sequence }) => sequence),
      all.map((_, index) => index + 1),
    );
    const followed = async (): Promise<readonly EventView[]> =>
      (await readFile(left.host.file('followed.jsonl'), 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as EventView);
    await until('all are followed', async () => (await followed()).length === all.length, 10_000);
    assert.deepEqual(await followed(), all);
    follower.kill('SIGINT');
    await until('the follower ends', () => follower.exitCode !== null, 5_000);
    assert.equal(follower.exitCode, 0);
  });
});

/** Sent packets of the one tunnel, as they are kept on disk. */
function storedPackets(text: string): number {
  const { tunnels } = JSON.parse(text) as {
    readonly tunnels: Readonly<
      Record<
        string,
        { readonly counters: { readonly ended: Totals; readonly sas: readonly Totals[] } }
      >
    >;
  };
  return Object.values(tunnels)
    .flatMap(({ counters }) => [counters.ended, ...counters.sas])
    .reduce((sum, { packetsOut }) => sum + packetsOut, 0);
}
