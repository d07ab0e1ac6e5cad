// The network of the demo, before anything of Sallyport runs on it: the partners answer, and a
// stranger at our gateway's place, with our keys, reaches them over every pair of families.
// lab: userspace

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { projectDirectory } from '../paths.ts';
import { Stranger } from '../stranger.ts';
import { PARTNERS_INNER_PREFIXES, Partners } from '../topologies/partners.ts';

describe('the partners', () => {
  test('both answer who holds the right keys, and only ESP crosses', async () => {
    await using partners = await Partners.create({ dataPlane });
    const { lab, declarations } = partners;
    const secrets = join(declarations, 'secrets');
    const ours = new Stranger(lab.host('gw'), {
      configFile: join(projectDirectory, 'lab', 'sites', 'partners-gateway.conf'),
      dataPlane,
      credentials: { certificate: join(secrets, 'gw.crt'), key: join(secrets, 'gw.key') },
      authorities: [join(secrets, 'partner-b-ca.crt')],
    });
    await ours.start();
    const sniffer = await lab.host('internet').sniff('gw', {
      innerPrefixes: PARTNERS_INNER_PREFIXES,
    });
    for (const child of ['networks-a', 'six', 'four']) {
      await ours.swanctl(['--initiate', '--child', child, '--timeout', '20']);
    }
    for (const [from, to] of [
      ['web1', '10.2.0.2'],
      ['web2', '10.3.0.2'],
      ['web1', 'fd0b::2'],
      ['web2', '10.20.0.2'],
    ] as const) {
      assert.deepEqual(await lab.host(from).ping(to), { sent: 3, received: 3 }, `${from} to ${to}`);
    }
    const { esp, espInUdp, clear } = await sniffer.stop();
    assert.deepEqual(clear, []);
    assert.equal(dataPlane === 'kernel' ? esp : espInUdp, 24);
  });
});
