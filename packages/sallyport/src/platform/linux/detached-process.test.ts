/** Processes of our own stand for the daemon: what is proven is which one is found, and which one is ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pidFileOf } from '../testing/processes.ts';
import {
  DetachedProcess,
  type DetachedProcessOptions,
  NotInstalledError,
} from './detached-process.ts';

const { signal } = new AbortController();
const SLEEP = { program: '/bin/sleep', args: ['600'], packageName: 'coreutils' } as const;

describe('a daemon with a pid file', () => {
  let directory: string;
  let pidPath: string;
  let daemon: DetachedProcess;
  let sleeper: ChildProcess;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'daemon-process-'));
    pidPath = join(directory, 'daemon.pid');
    daemon = new DetachedProcess({ pidPath, ...SLEEP });
    sleeper = spawn('sleep', ['600'], { stdio: 'ignore' });
    await once(sleeper, 'spawn');
  });

  afterEach(async () => {
    sleeper.kill('SIGKILL');
    await rm(directory, { recursive: true });
  });

  it('is found by the pid and the start time in its file', async () => {
    await writeFile(pidPath, await pidFileOf(sleeper.pid));
    expect(await daemon.find()).toBe(sleeper.pid);
  });

  it('is not a process that has got its pid later', async () => {
    await writeFile(pidPath, JSON.stringify({ pid: sleeper.pid, started: '1' }));
    expect(await daemon.find()).toBeUndefined();
    await daemon.stop(signal);
    expect(sleeper.signalCode).toBeNull();
    expect(process.kill(sleeper.pid ?? 0, 0)).toBe(true);
  });

  it('is not there once it has ended', async () => {
    const text = await pidFileOf(sleeper.pid);
    sleeper.kill('SIGKILL');
    await once(sleeper, 'exit');
    await writeFile(pidPath, text);
    expect(await daemon.find()).toBeUndefined();
  });

  it.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['is damaged', '{"pid": 1'],
    ['names no start', '{"pid": 1}'],
    ['names an empty start', '{"pid": 99999999, "started": ""}'],
    ['names no process', '{"pid": "../self", "started": "1"}'],
  ])('is not found where the file %s', async (_what, text) => {
    if (text !== undefined) await writeFile(pidPath, text);
    expect(await daemon.find()).toBeUndefined();
  });

  it('is ended in an orderly way, and its file goes', async () => {
    await writeFile(pidPath, await pidFileOf(sleeper.pid));
    const ended = once(sleeper, 'exit');
    await daemon.stop(signal);
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect(await readdir(directory)).toEqual([]);
  });

  it('may be ended twice', async () => {
    await daemon.stop(signal);
    await expect(daemon.stop(signal)).resolves.toBeUndefined();
  });
});

describe('a daemon that is started', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'detached-process-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  function daemonOf(
    options: Omit<DetachedProcessOptions, 'pidPath' | 'packageName'>,
  ): DetachedProcess {
    const pidPath = join(directory, 'daemon.pid');
    return new DetachedProcess({ pidPath, packageName: 'coreutils', ...options });
  }

  it('is found from then on, and another one finds it, too', async () => {
    const daemon = daemonOf(SLEEP);
    await daemon.start();
    const pid = await vi.waitUntil(() => daemon.find());
    expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).toBe('/bin/sleep\x00600\x00');
    expect(await daemonOf(SLEEP).find()).toBe(pid);
    await daemon.kill(signal);
    expect(await daemon.find()).toBeUndefined();
  });

  it('says more than its output may hold without harm', async () => {
    const output = { path: join(directory, 'output'), maxBytes: 1_024 };
    const script =
      'i=0; while [ $i -lt 100 ]; do echo "$WORD $i of a hundred lines"; i=$((i+1)); done; exec sleep 600';
    const daemon = daemonOf({
      program: '/bin/sh',
      args: ['-c', script],
      env: { WORD: 'line' },
      output,
    });
    await daemon.start();
    const pid = await vi.waitUntil(() => daemon.find());
    await vi.waitUntil(async () => (await readFile(`/proc/${pid}/comm`, 'utf8')) === 'sleep\n');
    expect((await stat(output.path)).size).toBe(output.maxBytes);
    expect(await readFile(output.path, 'utf8')).toContain('line 0 of a hundred lines\n');
    await daemon.stop(signal);
  });

  it('needs its program', async () => {
    const daemon = daemonOf({ program: '/usr/sbin/no-such-daemon' });
    await expect(daemon.start()).rejects.toThrow(
      new NotInstalledError('/usr/sbin/no-such-daemon', 'coreutils'),
    );
  });
});
