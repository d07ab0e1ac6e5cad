// An agent that is killed in the middle of its work, at a moment drawn at random from each part of it:
// the next one finishes it, and the host then looks as if nobody had ever been killed.

// lab: any kernel
// lab: long

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { type Footprint, footprintOf } from '../footprint.ts';
import type { Host } from '../host.ts';
import { leftovers } from '../leftovers.ts';
import { atLength } from '../length.ts';
import { randomSource } from '../random.ts';
import { Sallyport } from '../sallyport.ts';
import { createTwoSites } from '../topologies/two-sites.ts';
import { until } from '../until.ts';

const KILLS = atLength({ whole: 10, short: 4 });
/** Short beside the work: a kill after it kills nothing in the middle. */
const LOOK_MS = 5;
const FIRST = [0, 1, 2, 3, 4, 5];
const LATER = [6, 7, 8];
const REMOVED = [0, 1, 2, 7, 8];

/** The first round finds an empty host; after it three different ones take turns. */
const DISTINCT = 4;
const sameAs = (round: number): number => (round < DISTINCT ? round : 1 + ((round - 1) % 3));

/** `delaySeconds` makes another plan of the same connections. */
function sites(numbers: readonly number[], delaySeconds: number): string {
  const connections = numbers.map((number) =>
    connection({
      name: `site-${number}`,
      networks: `10.2.${number}.0/24`,
      tunnel: `{local: {id: left.example}, remote: {address: 203.0.113.${number + 1}, id: s${number}.example}}`,
      more: `  start: respond\n  liveness: {delaySeconds: ${delaySeconds}}\n`,
    }),
  );
  return LEFT_SITE + connections.join('');
}

/** What is asked for, over and over: to add, to change and add, to remove. */
async function ask(left: Sallyport, round: number): Promise<readonly string[]> {
  if (round % 3 === 2) {
    const file = await left.declare(
      'removed',
      sites(REMOVED, 30)
        .slice(LEFT_SITE.length)
        .replace(/^---\n/, ''),
    );
    return ['delete', '-f', file];
  }
  const numbers = round % 3 === 0 ? FIRST : [...FIRST, ...LATER];
  return [
    'apply',
    '-f',
    await left.declare('sites', sites(numbers, 10 + (round % 3)), { key: KEY }),
  ];
}

/** Starts it, and returns as soon as the agent can see the new plan; `ended` when the command has. */
async function startChange(
  left: Sallyport,
  words: readonly string[],
): Promise<{ readonly ended: Promise<unknown> }> {
  const before = await left.planRevision();
  const ended = left.run([...words, '--timeout', '1']);
  await until(
    'a new plan is there',
    async () => {
      const revision = await left.planRevision();
      return revision !== undefined && revision !== before;
    },
    60_000,
    LOOK_MS,
  );
  return { ended };
}

/** How long the agent works on the first plan, its daemon's start included. Leaves an empty host. */
async function measureWork(left: Sallyport): Promise<number> {
  await left.startAgent();
  const { ended } = await startChange(left, await ask(left, 0));
  const started = performance.now();
  await until(
    'the plan is in effect',
    async () => (await left.lastReport())?.isInEffect,
    60_000,
    LOOK_MS,
  );
  const milliseconds = performance.now() - started;
  await ended;
  await clear(left);
  return milliseconds;
}

/** An empty host again, but for the salt: fingerprints of a secret are the same in both halves. */
async function clear(left: Sallyport): Promise<void> {
  await left.endAgent('SIGTERM');
  await left.mustRun(['agent', '--teardown']);
  assert.deepEqual(await leftovers(left.host), []);
  for (const path of ['state/objects.json', 'state/plan.json', 'state/agent', 'run'])
    await rm(left.host.file(path), { recursive: true });
}

/** Links, routes, rules, firewall, connections, secrets and files, once everything is proven. */
async function settledFootprint(left: Sallyport, host: Host): Promise<Footprint> {
  await left.untilAsDeclared();
  // By another observer than the agent: a look of its own at daemon and kernel.
  const base = await left.declare('base', LEFT_SITE, { key: KEY });
  assert.equal(
    await left.mustRun(['apply', '-f', base, '--dry-run']),
    'host left: nothing to change\n',
  );
  // The watcher of an agent that was killed ends when it next has something to tell to nobody.
  await host.ip(['route add 192.0.2.0/24 dev lan', 'route delete 192.0.2.0/24']);
  return footprintOf(host);
}

describe('an agent that is killed while it applies', () => {
  test('is followed by one that converges and leaves nothing extra', async (context) => {
    await using lab = await createTwoSites();
    const host = lab.host('gwa');
    const left = new Sallyport(host);
    const work = await measureWork(left);
    const random = randomSource();
    // One in each part of the work: drawn from the whole of it, all could come after its end.
    const moments = Array.from(
      { length: KILLS },
      (_, part) => ((part + random.next()) / KILLS) * work,
    );
    context.diagnostic(`SALLYPORT_LAB_SEED=${random.seed}, within ${work.toFixed(0)} ms`);
    context.diagnostic(`killed after ${moments.map((moment) => moment.toFixed(0)).join(', ')} ms`);

    const killed: Footprint[] = [];
    let unfinished = 0;
    await left.startAgent();
    for (const [round, moment] of moments.entries()) {
      const { ended } = await startChange(left, await ask(left, round));
      await delay(moment);
      await left.endAgent('SIGKILL');
      const last = await left.lastReport();
      if (last?.wantedRevision !== (await left.planRevision()) || !last?.isInEffect)
        unfinished += 1;
      await ended;
      await left.startAgent();
      killed.push(await settledFootprint(left, host));
    }
    context.diagnostic(`${unfinished} of ${KILLS} were killed before they had the proof`);
    assert.ok(unfinished > 0, 'no kill came in the middle of the work');

    await clear(left);
    await left.startAgent();
    const undisturbed: Footprint[] = [];
    for (let round = 0; round < DISTINCT; round += 1) {
      const { ended } = await startChange(left, await ask(left, round));
      await ended;
      undisturbed.push(await settledFootprint(left, host));
    }
    for (const [round, footprint] of killed.entries())
      assert.deepEqual(footprint, undisturbed[sameAs(round)], `after kill ${round + 1}`);
    await clear(left);
  });
});
