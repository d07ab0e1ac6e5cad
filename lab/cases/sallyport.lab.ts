// Sallyport on our gateway between the two partners: declared, applied, proven, cut, healed, removed.
// lab: userspace

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { PARTNERS_INNER_PREFIXES, Partners } from '../topologies/partners.ts';
import { until } from '../until.ts';

const SALLYPORT = new URL('../../packages/sallyport/dist/bin/sallyport.js', import.meta.url)
  .pathname;

describe('sallyport between two partners', () => {
  test('applies, carries traffic encrypted, drops it with the tunnel down, and leaves nothing', async () => {
    await using partners = await Partners.create({ dataPlane });
    const { lab, declarations } = partners;
    const gw = lab.host('gw');
    gw.spawn(process.execPath, [SALLYPORT, 'agent'], {
      env: partners.sallyportEnvironment,
    });
    const applied = await partners.sallyport(['apply', '-f', declarations, '--timeout', '60']);
    assert.equal(applied.status, 0, `${applied.stdout}\n${applied.stderr}`);
    await until(
      'all tunnels are up',
      async () => (await partners.sallyport(['status'])).status === 0,
      60_000,
    ).catch(async (error: unknown) => {
      console.error((await partners.sallyport(['status'])).stdout);
      console.error((await gw.exec('cat', [gw.file('run/charon.log')])).stdout.slice(-5000));
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
