import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LockedError, takeLock } from './lock.ts';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lock-'));
  path = join(directory, 'run', 'agent.lock');
});
afterEach(async () => {
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
    const program = `
      import { takeLock } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))};
      await takeLock(${JSON.stringify(path)}, 'the killed one', 0);
      console.log('locked');
      setInterval(() => undefined, 60_000);
    `;
    const holder = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    await expect(takeLock(path, 'me', 0)).rejects.toThrow('is held by the killed one');
    holder.kill('SIGKILL');
    await (await takeLock(path, 'me', 60_000)).release();
  });
});
