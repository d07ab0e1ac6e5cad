import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { processesNamed } from './processes.ts';

it('finds processes by their names, and no others', async () => {
  const sleeper = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(sleeper, 'spawn');
  try {
    expect(await processesNamed('sleep')).toContain(sleeper.pid);
    expect(await processesNamed('no-such-program')).toEqual([]);
    const own = (await readFile('/proc/self/comm', 'utf8')).trimEnd();
    expect(await processesNamed(own)).not.toContain(sleeper.pid);
  } finally {
    sleeper.kill('SIGKILL');
  }
});
