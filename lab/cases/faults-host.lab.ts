// A host in trouble: a full disk, a second agent, broken files. What is in force stays in force.

// lab: any kernel

import assert from 'node:assert/strict';
import { readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { KEY } from '../declarations/left-site.ts';
import { mustExecute } from '../execute.ts';
import { lossLine, type PingStream, startPingStream } from '../ping-stream.ts';
import { LeftAndStranger, TO_RIGHT } from '../topologies/left-and-stranger.ts';

const PAGE_BYTES = 4_096;

/** Each is refused as a whole, with its place and what is wrong there. */
const BROKEN: readonly (readonly [what: string, text: string, told: RegExp])[] = [
  ['is no YAML', `${TO_RIGHT}  - [\n`, /broken\.yaml:\d+:\d+: error: /],
  [
    'has host bits in a prefix',
    TO_RIGHT.replace('[10.2.0.0/24]', '[10.2.0.1/24]'),
    /broken\.yaml:\d+:\d+: error: .*10\.2\.0\.1\/24/,
  ],
  [
    'has a field that nobody knows',
    TO_RIGHT.replace('  crypto:', '  cryto:'),
    /broken\.yaml:\d+:\d+: error: .*cryto/,
  ],
  [
    'names a gateway that is not there',
    TO_RIGHT.replace('gateway: edge', 'gateway: egde'),
    /broken\.yaml:\d+:\d+: error: .*egde.*did you mean "edge"/s,
  ],
  [
    'is a kind of its own',
    TO_RIGHT.replace('kind: Connection', 'kind: Conection'),
    /broken\.yaml:\d+:\d+: error: .*Conection/,
  ],
  [
    'has a key file that is not there',
    TO_RIGHT.replace('psk: {file: key}', 'psk: {file: nokey}'),
    /nokey/,
  ],
];

describe('on a host in trouble', () => {
  let site: LeftAndStranger;
  let state: string;
  let stream: PingStream;

  before(async () => {
    site = await LeftAndStranger.create(async (host) => {
      state = host.file('state');
      const options = 'size=256k,mode=700';
      await mustExecute('mkdir', [state]);
      await mustExecute('mount', ['-t', 'tmpfs', '-o', options, 'lab', state]);
    });
    stream = await startPingStream(site.lab.host('hosta'), '10.2.0.2', 0.05);
  });
  after(async () => {
    await site.left.endAgent('SIGTERM');
    await mustExecute('umount', ['--lazy', state]);
    await site.lab.close();
  });

  const filler = (): string => `${state}/filler`;
  /** Leaves so many free pages to everybody else. */
  const fill = async (pages: number): Promise<void> => {
    await rm(filler(), { force: true });
    const { bfree, bsize } = await statfs(state);
    assert.equal(bsize, PAGE_BYTES);
    await writeFile(filler(), Buffer.alloc((bfree - pages) * PAGE_BYTES));
  };
  const stored = async (): Promise<readonly (readonly [name: string, content: string])[]> => {
    const names = (await readdir(state)).filter((name) => name.endsWith('.json'));
    return Promise.all(
      names.map(async (name) => [name, await readFile(`${state}/${name}`, 'utf8')] as const),
    );
  };
  /** Everything that what fails must leave as it is. */
  const inForce = async (): Promise<readonly unknown[]> => {
    const { wantedRevision, revisionInEffect } = await site.left.report();
    const { ike, state: tunnelState } = await site.left.tunnel('right');
    return [
      ...[await stored(), await readdir(state), wantedRevision, revisionInEffect],
      ...[ike?.uniqueId, tunnelState, await site.carries()],
    ];
  };
  const changesNothing = async (run: () => Promise<void>): Promise<void> => {
    const before = await inForce();
    assert.deepEqual(before.slice(-2), ['up', true]);
    await run();
    assert.deepEqual(await inForce(), before);
  };

  for (const [what, text, told] of BROKEN) {
    test(`a file that ${what} changes nothing`, async () => {
      const { left } = site;
      await changesNothing(async () => {
        const file = await left.declare('broken', text, { key: KEY });
        const { status, stdout, stderr } = await left.run(['apply', '-f', file]);
        assert.deepEqual([status, stdout], [1, '']);
        assert.match(stderr, told);
      });
    });
  }

  test('one broken file of a directory keeps back the whole directory', async () => {
    const { left } = site;
    await changesNothing(async () => {
      await mustExecute('mkdir', [left.host.file('parts')]);
      await left.declare('parts/site', `${TO_RIGHT}  liveness: {delaySeconds: 31}\n`, {
        'parts/key': KEY,
      });
      await left.declare('parts/broken', 'kind: [\n');
      const { status, stderr } = await left.run(['apply', '-f', left.host.file('parts')]);
      assert.equal(status, 1);
      assert.match(stderr, /broken\.yaml:\d+:\d+: error: /);
    });
  });

  test('a second agent is refused, and names the first', async () => {
    const { left } = site;
    await changesNothing(async () => {
      const { status, stderr } = await left.run(['agent']);
      assert.equal(status, 1);
      const { pid, startedAt } = (await left.report()).agent;
      const sentence =
        /another Sallyport agent already runs on this host \(pid (\d+), since (\S+)\)/;
      const [, named, since] = sentence.exec(stderr) ?? [];
      assert.equal(named, String(pid));
      // It took the lock before it began its report.
      assert.ok(since !== undefined && since <= startedAt, stderr);
    });
  });

  test('a full disk, wherever it is found to be full, leaves the old plan in force', async () => {
    const { left } = site;
    const text = `${TO_RIGHT}  liveness: {delaySeconds: 33}\n`;
    const changed = await left.declare('changed', text);
    let refusals = 0;
    for (;;) {
      await fill(refusals);
      const before = await inForce();
      const { status, stderr } = await left.run(['apply', '-f', changed]);
      if (status === 0) break;
      assert.match(stderr, /no space left on device.*nothing was changed: make room and repeat it/);
      assert.deepEqual(await inForce(), before);
      refusals += 1;
    }
    // Two files take room: it was full for the first of them, and for the second.
    assert.ok(refusals >= 2, String(refusals));
    const report = await left.report();
    assert.equal(report.revisionInEffect, await left.planRevision());
    assert.match(await readFile(`${state}/plan.json`, 'utf8'), /"livenessDelaySeconds":33/);
  });

  test('an agent that starts while the disk is full takes the tunnel over', async () => {
    const { left } = site;
    const { ike } = await left.tunnel('right');
    await left.endAgent('SIGKILL');
    await fill(0);
    await left.startAgent();
    await left.untilUp('right');
    assert.equal((await left.tunnel('right')).ike?.uniqueId, ike?.uniqueId);
    const { wantedRevision, revisionInEffect } = await left.report();
    assert.equal(revisionInEffect, wantedRevision);
    assert.match(await left.log(), /copy of the plan could not be kept: .*no space left on device/);
  });

  test('room made, the same command goes through, and no packet was lost in all of it', async (context) => {
    const { left } = site;
    await rm(filler());
    await left.mustRun(['apply', '-f', site.file]);
    await left.untilUp('right');
    assert.ok(await site.carries());
    const result = await stream.stop();
    context.diagnostic(lossLine(result));
    // Two exchanges: this machine's kernel, which user-space ESP runs on, need not have ifb to hold packets.
    const most = (dataPlane === 'kernel' ? 0 : 2) + result.excused;
    assert.ok(result.lost.length <= most, lossLine(result));
  });
});
