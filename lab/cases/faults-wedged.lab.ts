// A daemon that cannot be asked: the kernel goes on, and the agent says so. One that hangs it waits for, with
// few questions; one whose socket is gone it makes reachable again.

import assert from 'node:assert/strict';
import { access, readdir, rm } from 'node:fs/promises';
import { describe, test } from 'node:test';
import type { Outcome } from '../execute.ts';
import { atLength } from '../length.ts';
import { lossLine, startPingStream } from '../ping-stream.ts';
import { LeftAndStranger } from '../topologies/left-and-stranger.ts';
import { until } from '../until.ts';

const HANG_MILLISECONDS = atLength({ whole: 60_000, short: 25_000 });
/** Of `status`, once it is told. */
const ANSWERS = 5;
/** Sockets of the questions that wait beside those that are there at rest. */
const MORE_DESCRIPTORS = 8;

describe('a daemon that hangs', () => {
  test('is told of, is not flooded with questions, and goes on where it was', async (context) => {
    const site = await LeftAndStranger.create();
    await using lab = site.lab;
    const { left } = site;
    const before = await left.tunnel('right');
    const { agent } = await left.report();
    const descriptors = async (): Promise<number> =>
      (await readdir(`/proc/${String(agent.pid)}/fd`)).length;
    const atRest = await descriptors();
    const stream = await startPingStream(lab.host('hosta'), '10.2.0.2', 0.02);

    const pid = await left.daemonPid();
    const began = performance.now();
    const since = (): number => performance.now() - began;
    process.kill(pid, 'SIGSTOP');
    let told = 0;
    let answers = 0;
    let slowest = 0;
    let most = 0;
    let last: Outcome;
    try {
      await until(
        'it is told of',
        async () => (await left.run(['status'])).stdout.includes('[engine/no-answer]'),
        60_000,
      );
      told = since();
      do {
        const asked = performance.now();
        last = await left.run(['status']);
        answers += 1;
        slowest = Math.max(slowest, performance.now() - asked);
        most = Math.max(most, await descriptors());
      } while (since() < HANG_MILLISECONDS || answers < ANSWERS);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    context.diagnostic(
      `told after ${told.toFixed(0)} ms; ${String(answers)} later answers within ${slowest.toFixed(0)} ms; descriptors ${String(atRest)}, at most ${String(most)}`,
    );
    assert.equal(last.status, 3);
    assert.match(last.stdout, /charon \(pid \d+\) runs and does not answer/);
    assert.match(last.stdout, /default\/right main: UNKNOWN since/);
    assert.ok(most <= atRest + MORE_DESCRIPTORS);

    const resumed = performance.now();
    const after = await left.untilTunnel('right', 'is known again', ({ state }) => state === 'up');
    context.diagnostic(`known again after ${(performance.now() - resumed).toFixed(0)} ms`);
    assert.equal(await left.daemonPid(), pid);
    assert.equal(after.ike?.uniqueId, before.ike?.uniqueId);
    assert.deepEqual(
      after.children,
      before.children.map((child, index) => ({ ...child, ...after.children[index] })),
    );
    assert.equal(after.cause, undefined);
    const events = JSON.parse(await left.mustRun(['events', '-o', 'json'])) as readonly {
      readonly reason: string;
    }[];
    assert.deepEqual(
      events.map(({ reason }) => reason).filter((reason) => reason.startsWith('Engine')),
      ['EngineStarted', 'EngineSilent', 'EngineAnswers'],
    );
    const result = await stream.stop();
    context.diagnostic(lossLine(result));
    assert.deepEqual(result.lost, []);
    await until('no descriptor is left over', async () => (await descriptors()) <= atRest, 30_000);
  });
});

describe('a daemon whose socket file is removed', () => {
  test('gets it back; where its second name is gone as well, another daemon takes over', async (context) => {
    const site = await LeftAndStranger.create();
    await using lab = site.lab;
    const { left } = site;
    const before = await left.tunnel('right');
    const pid = await left.daemonPid();
    const socket = left.host.file('run/charon.vici');
    const stream = await startPingStream(lab.host('hosta'), '10.2.0.2', 0.02);

    await rm(socket);
    await left.endAgent('SIGKILL');
    await left.startAgent();
    await left.untilUp('right');
    assert.equal(await left.daemonPid(), pid);
    assert.equal((await left.tunnel('right')).ike?.uniqueId, before.ike?.uniqueId);
    await access(socket);

    for (const path of [socket, `${socket}.spare`]) await rm(path);
    const spis = before.children.map(({ spiIn }) => spiIn);
    await left.untilTunnel(
      'right',
      'is up by another daemon',
      ({ state, children }) =>
        state === 'up' && children.every(({ spiIn }) => !spis.includes(spiIn)),
    );
    assert.notEqual(await left.daemonPid(), pid);
    assert.ok(await site.carries());
    const result = await stream.stop();
    context.diagnostic(lossLine(result));
    // What the other side sends by its new SA before ours is installed is held for a tenth of a second: a busy
    // machine may need longer.
    assert.ok(result.lost.length <= 20 + result.excused);
  });
});
