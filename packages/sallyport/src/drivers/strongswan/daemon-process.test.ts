/** Processes of our own stand for the daemon: what is proven is which one is found, and which one is ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DetachedProcess, UnitProcess } from './daemon-process.ts';
import { pidFileOf, ScriptedCommands } from './testing/processes.ts';

const { signal } = new AbortController();

describe('a daemon with a pid file', () => {
  let directory: string;
  let pidPath: string;
  let daemon: DetachedProcess;
  let sleeper: ChildProcess;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'daemon-process-'));
    pidPath = join(directory, 'charon.pid');
    daemon = new DetachedProcess({ pidPath, configPath: join(directory, 'strongswan.conf') });
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

describe('a daemon that systemd keeps', () => {
  const UNIT = 'sallyport-charon.service';

  it.each([
    ['4711\n', 4711],
    ['0\n', undefined],
    ['\n', undefined],
  ])('with MainPID %j has the pid %s', async (stdout, pid) => {
    const commands = new ScriptedCommands({ stdout });
    expect(await new UnitProcess(commands).find(signal)).toBe(pid);
    expect(commands.lines).toEqual([`systemctl show --property MainPID --value ${UNIT}`]);
  });

  it('is started and stopped as its unit, and nothing else', async () => {
    const commands = new ScriptedCommands({});
    const unit = new UnitProcess(commands);
    await unit.start(signal);
    await unit.stop(signal);
    expect(commands.lines).toEqual([`systemctl start ${UNIT}`, `systemctl stop ${UNIT}`]);
  });

  it('says what systemd said where it cannot be started', async () => {
    const commands = new ScriptedCommands({ code: 1, stderr: 'Job failed. See "journalctl -xe".' });
    await expect(new UnitProcess(commands).start(signal)).rejects.toThrow(
      `systemctl start ${UNIT}: Job failed.`,
    );
  });

  it('is not there where systemd does not know the unit', async () => {
    const commands = new ScriptedCommands({ code: 1 });
    expect(await new UnitProcess(commands).isInstalled(signal)).toBe(false);
  });
});
