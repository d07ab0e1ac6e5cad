import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LockedError, takeLock } from './lock.ts';

let directory: string;
let path: string;
const children: ChildProcessByStdio<null, Readable, null>[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lock-'));
  path = join(directory, 'run', 'agent.lock');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(directory, { recursive: true });
});

describe('takeLock', () => {
  it('refuses the second taker and names the first', async () => {
    const lock = await takeLock(path, 'pid 12, since today', 0);
    const refused = takeLock(path, 'pid 13', 0);
    await expect(refused).rejects.toThrow(LockedError);
    await expect(refused).rejects.toThrow('is held by pid 12, since today');
    await lock.release();
  });

  it('lets the next one have it', async () => {
    await (await takeLock(path, 'first', 0)).release();
    await (await takeLock(path, 'second', 0)).release();
  });

  it('waits for a holder that lets go in time', async () => {
    const first = await takeLock(path, 'first', 0);
    const second = takeLock(path, 'second', 60_000);
    await first.release();
    await (await second).release();
  });

  it('is free again when its holder was killed', async () => {
    const holder = inProcess(`
      await takeLock(path, 'the killed one', 0);
      console.log('locked');
      setInterval(() => undefined, 60_000);
    `);
    await once(holder.stdout, 'data');
    await expect(takeLock(path, 'me', 0)).rejects.toThrow('is held by the killed one');
    holder.kill('SIGKILL');
    await (await takeLock(path, 'me', 60_000)).release();
  });

  it('keeps nobody running who has nothing else to do', async () => {
    const holder = inProcess(`await takeLock(path, 'idle', 0); console.log('locked');`);
    expect(await text(holder.stdout)).toBe('locked\n');
    await (await takeLock(path, 'me', 60_000)).release();
  });

  it('is let go where its holder could not be written down', async () => {
    // A process that may not make a file longer: as with a full disk.
    const holder = inProcess(
      `
      process.on('SIGXFSZ', () => undefined);
      await takeLock(path, 'nobody will read this', 0).catch((error) => console.log(error.code));
      setInterval(() => undefined, 60_000);
    `,
      ['prlimit', '--fsize=0'],
    );
    const [said] = (await once(holder.stdout, 'data')) as [Buffer];
    expect(said.toString()).toBe('EFBIG\n');
    await (await takeLock(path, 'me', 0)).release();
  });
});

describe('a lock that cannot be had at all', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('is not taken for one that is held: a directory in its place', async () => {
    await mkdir(path, { recursive: true });
    await expect(takeLock(path, 'me', 0)).rejects.toMatchObject({ code: 'EISDIR' });
  });

  it('is not taken for one that is held: a place where no file can be made', async () => {
    await expect(takeLock('/proc/agent.lock', 'me', 0)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each<{ what: string; script: string | undefined; error: string }>([
    { what: 'no flock(1)', script: undefined, error: 'spawn flock ENOENT' },
    {
      what: 'a file system without locks',
      script: '#!/bin/sh\nexit 71\n',
      error: 'cannot be locked: flock(1) ended with 71',
    },
  ])('is not taken for one that is held: $what', async ({ script, error }) => {
    if (script !== undefined) {
      await writeFile(join(directory, 'flock'), script);
      await chmod(join(directory, 'flock'), 0o700);
    }
    vi.stubEnv('PATH', directory);
    const refused = takeLock(path, 'me', 0);
    await expect(refused).rejects.toThrow(error);
    await expect(refused).rejects.not.toThrow(LockedError);
  });
});

/** Runs a program that knows `takeLock` and `path`; `through` may bound what it can do. */
function inProcess(
  program: string,
  through: readonly string[] = [],
): ChildProcessByStdio<null, Readable, null> {
  const whole = `
    import { takeLock } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))};
    const path = ${JSON.stringify(path)};
    ${program}`;
  const node = [process.execPath, '--input-type=module-typescript', '-e', whole];
  const [file = '', ...args] = [...through, ...node];
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}
