/** Which daemon the engine takes for ours, and what it says where it has none. Starting one is the lab's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeDaemon } from '@sallyport/vici/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pidFileOf, ScriptedCommands } from '../../platform/testing/processes.ts';
import { Engine } from './engine.ts';
import { renderEngineConfig } from './render-config.ts';

const { signal } = new AbortController();
/** No systemd knows our unit. */
const commands = new ScriptedCommands({ code: 1 });

let runDirectory: string;
let sleeper: ChildProcess;

beforeEach(async () => {
  runDirectory = await mkdtemp(join(tmpdir(), 'engine-'));
  sleeper = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(sleeper, 'spawn');
});

afterEach(async () => {
  sleeper.kill('SIGKILL');
  await rm(runDirectory, { recursive: true });
});

function listen(): Promise<FakeDaemon> {
  return FakeDaemon.listen({ path: join(runDirectory, 'charon.vici') });
}

/** As an earlier agent left it: its configuration, and the file of its pid. */
async function leaveDaemon(userspace: boolean): Promise<void> {
  const socketPath = join(runDirectory, 'charon.vici');
  const config = { socketPath, logPath: join(runDirectory, 'charon.log'), userspace };
  await writeFile(join(runDirectory, 'strongswan.conf'), renderEngineConfig(config));
  await writeFile(join(runDirectory, 'charon.pid'), await pidFileOf(sleeper.pid));
}

describe('our daemon', () => {
  it('is adopted where it runs with the configuration that is wanted', async () => {
    await leaveDaemon(false);
    await using daemon = await listen();
    daemon.on('version', () => ({ daemon: 'charon-systemd', version: '5.9.8' }));
    const engine = new Engine({ runDirectory, commands });
    expect(await engine.ensure(false, signal)).toBe('running');
    expect(engine.socket).toBe(daemon.socket);
    expect(sleeper.signalCode).toBeNull();
  });

  it('would be restarted for another configuration, and only while it runs', async () => {
    const engine = new Engine({ runDirectory, commands });
    expect(await engine.wouldRestart(true, signal)).toBe(false);
    await leaveDaemon(false);
    expect(await engine.wouldRestart(false, signal)).toBe(false);
    expect(await engine.wouldRestart(true, signal)).toBe(true);
    const external = new Engine({ runDirectory, commands, externalSocket: 'unix:///x' });
    expect(await external.wouldRestart(true, signal)).toBe(false);
  });

  it('that has lost its socket file gets it back', async () => {
    await leaveDaemon(false);
    await using daemon = await listen();
    daemon.on('version', () => ({ daemon: 'charon-systemd', version: '5.9.8' }));
    const engine = new Engine({ runDirectory, commands });
    await engine.ensure(false, signal);
    await rm(join(runDirectory, 'charon.vici'));
    expect(await engine.ensure(false, signal)).toBe('running');
    expect(sleeper.signalCode).toBeNull();
  });

  it('that runs and does not answer is left alone, and named', async () => {
    await leaveDaemon(true);
    await writeFile(join(runDirectory, 'charon.vici'), '');
    await expect(new Engine({ runDirectory, commands }).ensure(true, signal)).rejects.toMatchObject(
      {
        code: 'engine/no-answer',
        message: `charon (pid ${String(sleeper.pid)}) runs and does not answer on unix://${runDirectory}/charon.vici`,
      },
    );
    expect(sleeper.signalCode).toBeNull();
  });

  it('is ended on demand', async () => {
    await leaveDaemon(false);
    const ended = once(sleeper, 'exit');
    await new Engine({ runDirectory, commands }).stop(signal);
    expect(await ended).toEqual([null, 'SIGTERM']);
  });
});

describe('the daemon of a shard', () => {
  const networkNamespace = 'sallyport-none';

  it('is not started where its network namespace is not there', async () => {
    const engine = new Engine({ runDirectory, commands, networkNamespace });
    await expect(engine.ensure(false, signal)).rejects.toMatchObject({
      code: 'engine/no-network-namespace',
      message: expect.stringContaining('network namespace sallyport-none') as unknown,
    });
  });

  it('goes on where the namespace has only lost its name', async () => {
    await leaveDaemon(false);
    await using daemon = await listen();
    daemon.on('version', () => ({ daemon: 'charon-systemd', version: '5.9.8' }));
    const engine = new Engine({ runDirectory, commands, networkNamespace });
    expect(await engine.ensure(false, signal)).toBe('running');
    expect(await engine.wouldRestart(false, signal)).toBe(false);
  });
});

describe('a daemon that somebody else runs', () => {
  it('is used where it answers', async () => {
    await using daemon = await listen();
    daemon.on('version', () => ({ daemon: 'charon-systemd', version: '6.0.1' }));
    const engine = new Engine({ runDirectory, externalSocket: daemon.socket, commands });
    expect(engine.isExternal).toBe(true);
    expect(await engine.ensure(false, signal)).toBe('running');
  });

  it.each([
    ['is not there', false],
    ['does not speak VICI', true],
  ])('is never started or replaced where it %s', async (_what, isListening) => {
    await using daemon = await listen();
    if (!isListening) await daemon.stop();
    const engine = new Engine({ runDirectory, externalSocket: daemon.socket, commands });
    await expect(engine.ensure(false, signal)).rejects.toMatchObject({
      code: 'engine/no-answer',
      message: `the IKE daemon at ${daemon.socket} does not answer; is it running, with the vici plugin?`,
    });
  });

  it('is never ended, although a daemon of ours once ran here', async () => {
    await leaveDaemon(false);
    const externalSocket = 'unix:///run/charon.vici';
    await new Engine({ runDirectory, externalSocket, commands }).stop(signal);
    expect(sleeper.signalCode).toBeNull();
    expect(process.kill(sleeper.pid ?? 0, 0)).toBe(true);
  });
});
