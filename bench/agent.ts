// What the agent of a gateway needs for many connections, with the charon that it starts. Nobody else
// does this job: the same with a tenth of the connections takes the peer's place.

import { setTimeout as delay } from 'node:timers/promises';
import { type Contest, type Measured, milliseconds } from './contest.ts';
import { BenchGateway } from './gateway.ts';

const COUNTS = [1_000, 100];
const RUNS = 3;
const AIM_MEBIBYTES = 120;
/** Some rounds at the agent's own pace, which is what an operator will see. */
const LIFE_MILLISECONDS = 30_000;
/** Asked for one after the other. */
const ROUNDS = 10;

export async function* agentContests(): AsyncGenerator<Contest, void, undefined> {
  await Promise.resolve();
  yield {
    ...{ name: 'agent', runs: RUNS },
    metrics: {
      converge: { unit: 'ms' },
      round: { unit: 'ms' },
      restart: { unit: 'ms' },
      resident: {
        unit: 'MiB',
        aims: [{ subject: subjectName(COUNTS[0] ?? 0), below: AIM_MEBIBYTES }],
      },
      peak: { unit: 'MiB' },
    },
    subjects: COUNTS.map((count) => ({ name: subjectName(count), run: () => liveOnce(count) })),
  };
}

function subjectName(count: number): string {
  return `${count.toLocaleString('en')} connections`;
}

/** From an empty gateway to everything in effect, then unchanged for some time, then a new agent. */
async function liveOnce(count: number): Promise<Measured> {
  await using gateway = await BenchGateway.create(count);
  await gateway.startAgent();
  const converge = await milliseconds(() => gateway.apply());
  await delay(LIFE_MILLISECONDS);
  const { resident, peak } = await gateway.memory();
  const rounds = await milliseconds(async () => {
    for (let round = 0; round < ROUNDS; round += 1) await expectInEffect(gateway, count);
  });
  await gateway.killAgent();
  const restart = await milliseconds(async () => {
    await gateway.startAgent();
    await expectInEffect(gateway, count);
  });
  return { converge, round: rounds / ROUNDS, restart, resident, peak };
}

async function expectInEffect(gateway: BenchGateway, count: number): Promise<void> {
  const report = await gateway.report();
  const isInEffect = report !== undefined && report.revisionInEffect === report.wantedRevision;
  if (isInEffect && report.tunnels.length === count) return;
  throw new Error(`not in effect: ${JSON.stringify(report?.differences.slice(0, 5))}`);
}
