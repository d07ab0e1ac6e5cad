// One connection among many is changed: how long until the daemon runs it, and what the others lose.
//
// The change is another key length for IKE and ESP. A person edits the section in swanctl.conf, where the
// connections have `start_action = start`, and loads the file: charon then closes the changed Child SA
// with its IKE SA and initiates the connection anew; nothing more has to be done. Or restarts the daemon.

import { watch } from 'node:fs';
import { type PingStream, startPingStream } from '../lab/ping-stream.ts';
import { hostBehind, type PolicyName } from '../lab/topologies/thousand.ts';
import type { Contest, Measured } from './contest.ts';
import { type ManyGateway, untilAllUp, untilInEffect } from './many-gateway.ts';
import { ManySallyport } from './many-sallyport.ts';
import { ManySwanctl } from './many-swanctl.ts';

const COUNTS = [10, 100, 1_000];
const RUNS = 5;
const CHANGED = 5;
const STREAM_INTERVAL_SECONDS = 0.01;

export async function* changeContests(): AsyncGenerator<Contest, void, undefined> {
  for (const count of COUNTS) {
    await using sallyport = await ManySallyport.create(count);
    await using swanctl = await ManySwanctl.create(count, 'start');
    const policies = new Alternation();
    const others = new Alternation();
    yield {
      ...{ name: `change 1 of ${count.toLocaleString('en')}`, runs: RUNS },
      metrics: {
        effect: { unit: 'ms' },
        agent: { unit: 'ms' },
        command: { unit: 'ms' },
        lost: { unit: 'packets' },
        'lost itself': { unit: 'packets' },
      },
      subjects: [
        {
          name: 'sallyport apply',
          run: () => changeBySallyport(sallyport, policies.next()),
        },
        {
          name: 'swanctl --load-all',
          run: () => changeBySwanctl(swanctl, others.next(), () => swanctl.load()),
        },
        {
          name: 'restart of charon',
          run: () => changeBySwanctl(swanctl, others.next(), () => swanctl.restart()),
        },
      ],
    };
  }
}

/** The two policies in turn: each run changes something. */
class Alternation {
  #last: PolicyName = 'long';

  next(): PolicyName {
    this.#last = this.#last === 'long' ? 'short' : 'long';
    return this.#last;
  }
}

async function changeBySallyport(gateway: ManySallyport, policy: PolicyName): Promise<Measured> {
  const path = await gateway.network.declare(CHANGED, policy);
  let planned = Number.NaN;
  const watcher = watch(gateway.stateDirectory, (_event, name) => {
    if (name === 'plan.json') planned = performance.now();
  });
  const measured = await changeUnderTraffic(gateway, policy, () => gateway.apply(path));
  watcher.close();
  return { ...measured.figures, agent: measured.inEffectAt - planned };
}

async function changeBySwanctl(
  gateway: ManySwanctl,
  policy: PolicyName,
  load: () => Promise<void>,
): Promise<Measured> {
  await gateway.write(new Map([[CHANGED, policy]]));
  return (await changeUnderTraffic(gateway, policy, load)).figures;
}

/** `effect`: until the daemon tells of the new SA; `command`: until the command has returned. */
async function changeUnderTraffic(
  gateway: ManyGateway,
  policy: PolicyName,
  change: () => Promise<void>,
): Promise<{ readonly figures: Measured; readonly inEffectAt: number }> {
  const streams = await startStreams(gateway);
  const begin = performance.now();
  let returnedAt = Number.NaN;
  const [inEffectAt] = await Promise.all([
    untilInEffect(gateway, CHANGED, policy).then(() => performance.now()),
    change().then(() => {
      returnedAt = performance.now();
    }),
  ]);
  await untilAllUp(gateway);
  const [own = 0, ...others] = await Promise.all(
    streams.map(async (stream) => (await stream.stop()).lost.length),
  );
  const figures = {
    ...{ effect: inEffectAt - begin, command: returnedAt - begin },
    ...{ lost: others.reduce((sum, lost) => sum + lost, 0), 'lost itself': own },
  };
  return { figures, inEffectAt };
}

/** Through the changed connection first, then through others that are spread over all. */
async function startStreams({ network }: ManyGateway): Promise<readonly PingStream[]> {
  const { connections } = network;
  const others = [0, connections >> 2, connections >> 1, connections - 1];
  return Promise.all(
    [CHANGED, ...others.filter((number) => number !== CHANGED)].map((number) =>
      startPingStream(network.lab.host('lan'), hostBehind(number), STREAM_INTERVAL_SECONDS),
    ),
  );
}
