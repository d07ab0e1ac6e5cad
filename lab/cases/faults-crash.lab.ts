// An agent that is killed in the middle of its work, at moments drawn at random: the next one finishes it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { leftovers } from '../leftovers.ts';
import { Sallyport } from '../sallyport.ts';
import { createTwoSites } from '../topologies/two-sites.ts';
import { until } from '../until.ts';

const KILLS = 10;
const CONNECTIONS = 8;
/** The work on a plan is done within this time; the kill falls somewhere into it. */
const WORK_MILLISECONDS = 1_500;

/** Plans that have something to add, to change and to remove, one after the other. */
function declarations(round: number): string {
  const connections = Array.from({ length: CONNECTIONS }, (_, index) => {
    const number = index + (round % 3);
    return connection({
      name: `site-${number}`,
      networks: `10.2.${number}.0/24`,
      tunnel: `{local: {id: left.example}, remote: {address: 203.0.113.${number + 1}, id: s${number}.example}}`,
      more: `  start: respond\n  liveness: {delaySeconds: ${10 + round}}\n`,
    });
  });
  return LEFT_SITE + connections.join('');
}

describe('an agent that is killed while it applies', () => {
  test('is followed by one that converges and leaves nothing extra', async (context) => {
    await using lab = await createTwoSites();
    const gwa = lab.host('gwa');
    const left = new Sallyport(gwa);
    await left.startAgent();
    const moments = Array.from({ length: KILLS }, () => Math.random() * WORK_MILLISECONDS);
    context.diagnostic(`killed after ${moments.map((moment) => moment.toFixed(0)).join(', ')} ms`);
    for (const [round, moment] of moments.entries()) {
      const before = (await left.report()).wantedRevision;
      const file = await left.declare('site', declarations(round), { key: KEY });
      // Connections of the last round that are not in this one go with it.
      const gone = round > 0 && round % 3 === 0 ? ['site-8', 'site-9'] : [];
      const applied = left.run(['apply', '-f', file, '--timeout', '1']);
      await until(
        'the new plan is there',
        async () => (await left.planRevision()) !== before,
        30_000,
      );
      await delay(moment);
      await left.endAgent('SIGKILL');
      await applied;
      await left.startAgent();
      for (const name of gone) await left.run(['delete', 'connection', name, '--timeout', '5']);
      await until(
        `what is there is what is planned, after kill ${round + 1}`,
        async () => {
          const { wantedRevision, revisionInEffect, differences } = await left.report();
          return wantedRevision === revisionInEffect && differences.length === 0;
        },
        60_000,
      );
      const planned = (await left.report()).tunnels.map((tunnel) => tunnel.interface);
      const links = await gwa.mustExec('ip', ['-oneline', 'link', 'show', 'type', 'xfrm']);
      assert.deepEqual(links.match(/sp[0-9a-f]{8}/g)?.sort(), planned.sort());
    }
    const file = await left.declare('site', declarations(0), { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    await left.endAgent('SIGKILL');
    await left.mustRun(['agent', '--teardown']);
    assert.deepEqual(await leftovers(gwa), []);
  });
});
