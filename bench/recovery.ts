// charon is killed: how long until every connection is up again.
//
// Sallyport has to notice it first. A script of a person starts the daemon in the same instant, loads
// everything and initiates it, one after the other or many at once, or leaves it to
// `start_action = start`, which begins all of them at once.

import { collect } from '@sallyport/vici';
import { type Contest, milliseconds, type Subject } from './contest.ts';
import { clientOf, type ManyGateway, untilAllUp } from './many-gateway.ts';
import { ManySallyport } from './many-sallyport.ts';
import { ManySwanctl } from './many-swanctl.ts';

const COUNT = 1_000;
const RUNS = 3;
/** As many as charon's 32 threads can serve: each call holds one, and fifty of them wait for each other. */
const SCRIPTS = 16;

export async function* recoveryContests(): AsyncGenerator<Contest, void, undefined> {
  await using sallyport = await ManySallyport.create(COUNT);
  await using loaded = await ManySwanctl.create(COUNT, 'none');
  await using started = await ManySwanctl.create(COUNT, 'start');
  const byScript = (atOnce: number) => async (): Promise<void> => {
    await loaded.kill();
    await loaded.start();
    await loaded.initiateAll(atOnce);
  };
  yield {
    ...{ name: `${COUNT.toLocaleString('en')} back after kill -9`, runs: RUNS },
    metrics: { time: { unit: 'ms' } },
    subjects: [
      recovery('sallyport, window 50', sallyport, () => sallyport.killDaemon()),
      recovery('--load-all, --initiate one by one', loaded, byScript(1)),
      recovery(`--load-all, --initiate ${SCRIPTS} at once`, loaded, byScript(SCRIPTS)),
      recovery('--load-all, start_action = start', started, async () => {
        await started.kill();
        await started.start();
      }),
    ],
  };
}

function recovery(name: string, gateway: ManyGateway, recover: () => Promise<void>): Subject {
  return {
    name,
    prepare: () => forgetOldSas(gateway),
    run: async () => ({
      time: await milliseconds(async () => {
        await recover();
        await untilAllUp(gateway);
      }),
    }),
  };
}

/** What the remote hosts keep of a daemon that was killed would make every run slower than the last one. */
async function forgetOldSas({ network }: ManyGateway): Promise<void> {
  const client = clientOf(`unix://${network.lab.host('remotes').file('vici')}`);
  const sas = await collect(client.listSas());
  const newest = new Map(
    sas.toSorted((a, b) => Number(a.uniqueId) - Number(b.uniqueId)).map((sa) => [sa.name, sa]),
  );
  const old = sas.filter((sa) => newest.get(sa.name) !== sa);
  await Promise.all(
    old.map(({ uniqueId }) => client.terminate({ ikeId: uniqueId, force: true, timeoutMs: -1 })),
  );
  await client.close();
}
