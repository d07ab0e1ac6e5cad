// Why a tunnel that is up carries nothing, or not everything: each fault on a gateway with a stranger behind
// it, what a person is told, and that it is gone when mended.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LeftAndStranger } from '../topologies/left-and-stranger.ts';

interface Finding {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly evidence: readonly string[];
}

interface Told {
  readonly status: number;
  readonly findings: readonly Finding[];
  readonly proofs: readonly string[];
  readonly unseen: readonly string[];
}

const TARGET = '10.2.0.2';

describe('why', () => {
  let site: LeftAndStranger;

  before(async () => {
    site = await LeftAndStranger.create();
  });
  after(async () => {
    await site.lab.close();
  });

  const why = async (...args: readonly string[]): Promise<Told> => {
    const { status, stdout, stderr } = await site.left.run(
      ['why', 'right', '-o', 'json', ...args],
      {
        timeoutMs: 60_000,
      },
    );
    assert.equal(stderr, '');
    const { tunnels } = JSON.parse(stdout) as { readonly tunnels: readonly Omit<Told, 'status'>[] };
    const [tunnel] = tunnels;
    assert.ok(tunnel !== undefined && tunnels.length === 1, stdout);
    return { status, ...tunnel };
  };
  const isWell = async (): Promise<Told> => {
    const told = await why('--target', TARGET);
    assert.deepEqual([told.status, told.findings], [0, []], JSON.stringify(told, undefined, 1));
    return told;
  };

  test('says that nothing is wrong, and what shows it', async () => {
    const { proofs, unseen } = await isWell();
    const text = proofs.join('\n');
    assert.match(text, /up since/);
    assert.match(text, /203\.0\.113\.1 is reached through wan via 198\.51\.100\.2/);
    assert.match(text, /packets for 10\.2\.0\.2 go to sp[0-9a-f]{8}/);
    assert.match(text, /ping from 10\.1\.0\.1 to 10\.2\.0\.2, 84 bytes: 3 of 3 answered/);
    assert.match(text, /the MTU of the tunnel, passes in one piece/);
    assert.match(text, /has carried .* out and .* in/);
    assert.deepEqual(unseen, []);
    const { stdout, status } = await site.left.run(['why', 'right']);
    assert.equal(status, 0);
    assert.match(stdout, /default\/right main is up for .*: nothing is wrong with it/);
  });
});
