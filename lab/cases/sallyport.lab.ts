// Sallyport on our gateway between the two partners: declared, applied, proven, cut, healed, removed.
// lab: userspace

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { PARTNERS_INNER_PREFIXES, Partners } from '../topologies/partners.ts';
import { until } from '../until.ts';

describe('sallyport between two partners', () => {
  test('applies, carries traffic encrypted, drops it with the tunnel down, and leaves nothing', async () => {
    await using partners = await Partners.create({ dataPlane });
    const { lab, gateway, declarations } = partners;
    await gateway.startAgent();
    await gateway.mustRun(['apply', '-f', declarations, '--timeout', '60']);
    await until(
      'all tunnels are up',
      async () => (await gateway.run(['status'])).status === 0,
      60_000,
    ).catch(async (error: unknown) => {
      console.error((await gateway.run(['status'])).stdout, await gateway.log());
      throw error;
    });
    const sniffer = await lab
      .host('internet')
      .sniff('gw', { innerPrefixes: PARTNERS_INNER_PREFIXES });
    for (const [from, to] of [
      ['web1', '10.2.0.2'],
      ['web2', '10.3.0.2'],
      ['web1', 'fd0b::2'],
      ['web2', '10.20.0.2'],
    ] as const) {
      assert.deepEqual(await lab.host(from).ping(to), { sent: 3, received: 3 }, `${from} to ${to}`);
    }
    const seen = await sniffer.stop();
    assert.deepEqual(seen.clear, []);
    assert.equal(seen.esp + seen.espInUdp, 24);
  });
});
