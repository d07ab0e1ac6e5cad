// The two recipes that Sallyport is compared with: what they set up carries traffic encrypted, and nothing passes
// without their tunnels, so that what the benchmark measures of them is what they do.
// lab: any kernel

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { startChartRecipe } from '../topologies/chart-recipe.ts';
import { createCluster, leakedPackets, SERVER } from '../topologies/cluster.ts';
import { startKeepalivedRecipe } from '../topologies/keepalived-recipe.ts';

describe('a recipe as it was published', () => {
  for (const [name, start] of [
    ['keepalived', startKeepalivedRecipe],
    ['chart', startChartRecipe],
  ] as const)
    test(`${name}: carries traffic by its tunnels alone`, async () => {
      await using lab = await createCluster();
      await start(lab, dataPlane);
      const pod = lab.host('pod1');
      assert.equal((await pod.ping(SERVER.ipv4)).received, 3);
      await Promise.all(
        (['uplink-peer1', 'uplink-peer2'] as const).map((link) => lab.link(link).cut()),
      );
      assert.equal((await pod.ping(SERVER.ipv4)).received, 0);
      assert.equal(await leakedPackets(lab), 0);
    });
});
