/**
 * A lock that the kernel ends with its holder, however that dies. Node has no flock(2): a child of
 * util-linux's flock(1) holds it, and ends when our end of its standard input closes.
 */
import { spawn } from 'node:child_process';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface Lock {
  release(): Promise<void>;
}

/** Somebody else holds the lock; `holder` is what it wrote about itself. */
export class LockedError extends Error {
  readonly holder: string;

  constructor(path: string, holder: string) {
    super(`${path} is held by ${holder || 'another process'}`);
    this.name = 'LockedError';
    this.holder = holder;
  }
}

const RETRY_MILLISECONDS = 100;

/**
 * Takes the lock, or throws {@link LockedError} after `waitMilliseconds`: a holder that was killed needs
 * an instant until its child has gone. `about` tells others who holds it, for example `pid 12`.
 */
export async function takeLock(
  path: string,
  about: string,
  waitMilliseconds: number,
): Promise<Lock> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // flock(1) would tell the lack of a right in words of its own; the system's error has a code.
  await (await open(path, 'a', 0o600)).close();
  const deadline = performance.now() + waitMilliseconds;
  for (;;) {
    const lock = await tryLock(path);
    if (lock !== undefined) return await describe(lock, path, about);
    if (performance.now() >= deadline)
      throw new LockedError(path, await readFile(path, 'utf8').catch(() => ''));
    await delay(RETRY_MILLISECONDS);
  }
}

async function describe(lock: Lock, path: string, about: string): Promise<Lock> {
  try {
    await writeFile(path, about);
    return lock;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Exit code of flock(1) where somebody else holds the lock; every other one is a fault. */
const CONFLICT = 1;

/** Undefined: held by somebody else. */
async function tryLock(path: string): Promise<Lock | undefined> {
  // Locked, the child says so by its first output, and then waits for the end of its input.
  const child = spawn(
    'flock',
    ['--nonblock', '--no-fork', path, 'sh', '-c', 'echo locked; exec cat >/dev/null'],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    },
  );
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const locked = new Promise<boolean>((resolve) => {
    child.stdout.once('data', () => {
      resolve(true);
    });
    ended.then(
      () => {
        resolve(false);
      },
      () => {
        resolve(false);
      },
    );
  });
  if (!(await locked)) {
    // A program that could not be started is an error, a lock that is taken is not.
    const code = await ended;
    if (code === CONFLICT) return undefined;
    throw new Error(`${path} cannot be locked: flock(1) ended with ${String(code)}`);
  }
  child.unref();
  return {
    release: async () => {
      // While it only holds the lock it keeps nobody running; its end is waited for.
      child.ref();
      child.stdin.end();
      await ended;
    },
  };
}
