// Two gateways of the remote site lead to the same network. What is behind the first one does not answer any more, while
// its IKE is up and it answers itself: only the declared targets tell.
// lab: alone

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { GAP_MILLISECONDS } from '../cluster-faults.ts';
import { dataPlane } from '../data-plane.ts';
import { connection, KEY, siteOf } from '../declarations/left-site.ts';
import { projectDirectory } from '../paths.ts';
import { lossLine, startPingStream } from '../ping-stream.ts';
import { Sallyport } from '../sallyport.ts';
import { Stranger } from '../stranger.ts';
import {
  createTwoWays,
  GATE,
  type GateNumber,
  gateOuterAddress,
  SERVER,
  TWO_WAYS_INNER_PREFIXES,
  type TwoWaysHost,
} from '../topologies/two-ways.ts';
import type { Lab } from '../topology.ts';
import { until } from '../until.ts';
import { Untouched } from '../untouched.ts';

/** Of `spec.probes`, as it is where nothing is said. */
const PROBE_MILLISECONDS = 200;
const RECOVERY_MILLISECONDS = 10 * PROBE_MILLISECONDS;

/** In seconds. */
const INTERVAL = 0.02;

const tunnel = (number: GateNumber): string =>
  `{name: gate${number}, local: {id: left.example}, remote: {address: ${gateOuterAddress(number)}, id: gate${number}.example}}`;

const DECLARATIONS =
  siteOf('{addresses: [198.51.100.1], internalAddresses: [10.1.0.1]}') +
  connection({
    name: 'site',
    networks: '10.2.0.0/24',
    tunnel: `${tunnel(1)}, ${tunnel(2)}`,
    more: `  probes: {targets: [${GATE}, ${SERVER}]}\n`,
  });

describe('two tunnels to one network', () => {
  let lab: Lab<TwoWaysHost>;
  let left: Sallyport;
  let untouched: Untouched;

  before(async () => {
    lab = await createTwoWays();
    left = new Sallyport(lab.host('gw'));
    untouched = await Untouched.of([left.host]);
    for (const number of [1, 2] as const) await startGate(lab, number);
    await left.startAgent();
    const file = await left.declare('site', DECLARATIONS, { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    await left.untilAsDeclared();
    await untilBy(1);
  });
  after(async () => {
    await lab.close();
  });

  /** Milliseconds until packets for the server go by this gate. */
  const untilBy = async (number: GateNumber): Promise<number> => {
    const begin = performance.now();
    const { tunnels } = await left.report();
    const way = tunnels.find(({ remoteAddress }) => remoteAddress === gateOuterAddress(number));
    await until(
      `packets go by gate${number}`,
      async () => {
        const route = await left.host.mustExec('ip', ['route', 'get', SERVER]);
        return route.includes(` dev ${way?.interface ?? '?'} `);
      },
      30_000,
      20,
    );
    return Math.round(performance.now() - begin);
  };

  /** What is behind the first gate is cut off: milliseconds until packets go by the other one. */
  const fail = async (): Promise<number> => {
    await lab.link('lan1').cut();
    const moved = await untilBy(2);
    const { tunnels } = await left.report();
    assert.deepEqual(
      tunnels.map(({ state }) => state),
      ['up', 'up'],
    );
    return moved;
  };

  const heal = async (): Promise<number> => {
    await lab.link('lan1').restore();
    return untilBy(1);
  };

  test('carry packets by the other one when a target behind the first falls silent, and go back', async (context) => {
    const sniffer = await lab
      .host('internet')
      .sniff('gw', { innerPrefixes: TWO_WAYS_INNER_PREFIXES });
    const going = await startPingStream(lab.host('client'), SERVER, INTERVAL);
    const moved = await fail();
    const gone = await going.stop();
    const coming = await startPingStream(lab.host('client'), SERVER, INTERVAL);
    const back = await heal();
    const come = await coming.stop();
    context.diagnostic(
      `by the other one after ${moved} ms, ${lossLine(gone)}; back after ${back} ms, ${lossLine(come)}`,
    );
    assert.ok(gone.lost.length > 0, 'the fault did not meet the traffic');
    assert.ok(gone.lost.length * INTERVAL * 1_000 <= GAP_MILLISECONDS);
    assert.ok(
      back >= RECOVERY_MILLISECONDS - PROBE_MILLISECONDS,
      'it has not answered often enough',
    );
    assert.deepEqual(come.lost, []);
    // What fails again soon has to answer for twice as long.
    const movedAgain = await fail();
    const backAgain = await heal();
    context.diagnostic(`again: after ${movedAgain} ms, back after ${backAgain} ms`);
    assert.ok(
      backAgain >= 2 * RECOVERY_MILLISECONDS - PROBE_MILLISECONDS,
      'it came back as if nothing had been',
    );
    assert.deepEqual((await sniffer.stop()).clear, []);
  });

  test('leave nothing behind', async () => {
    await untouched.restore([left]);
  });
});

/** As its administrators wrote it down. */
async function startGate(lab: Lab<TwoWaysHost>, number: GateNumber): Promise<void> {
  const host = lab.host(`gate${number}`);
  const text = await readFile(join(projectDirectory, 'lab', 'sites', 'plain-right.conf'), 'utf8');
  const ours = text
    .replace(gateOuterAddress(1), gateOuterAddress(number))
    .replace('right.example', `${host.name}.example`);
  await new Stranger(host, { configFile: await host.write('site.conf', ours), dataPlane }).start();
}
