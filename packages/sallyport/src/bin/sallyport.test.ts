import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { report } from '../status/testing/reports.ts';

const PROGRAM = join(import.meta.dirname, 'sallyport.ts');

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-bin-'));
  await mkdir(join(directory, 'run'));
  await writeFile(join(directory, 'run/report.json'), JSON.stringify(report));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

function start(...words: string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, ['--conditions=@sallyport/source', PROGRAM, ...words], {
    env: {
      ...process.env,
      SALLYPORT_STATE_DIR: join(directory, 'state'),
      SALLYPORT_RUN_DIR: join(directory, 'run'),
    },
  });
}

/** Exit code, or the signal that ended it. */
async function end(child: ChildProcessWithoutNullStreams): Promise<number | string> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return code ?? String(signal);
}

describe('the process', () => {
  it('reads standard input, writes the answer to stdout, and ends with the exit code', async () => {
    const child = start('validate', '-f', '-', '-o', 'json');
    const output = Promise.all([text(child.stdout), text(child.stderr), end(child)]);
    child.stdin.end('kind: Hots');
    const [stdout, stderr, code] = await output;
    expect([code, stderr]).toEqual([1, '']);
    expect(JSON.parse(stdout)).toMatchObject({ valid: false });
  });

  it('ends at the first interrupt, also while it waits for input', async () => {
    const child = start('validate', '-f', '-');
    const output = Promise.all([text(child.stderr), end(child)]);
    // It reads once its input has taken more than a pipe holds.
    await new Promise<void>((resolve) => {
      child.stdin.write('#'.repeat(1_000_000), () => {
        resolve();
      });
    });
    child.kill('SIGINT');
    expect(await output).toEqual(['sallyport: interrupted\n', 130]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends a watch in order at %s', async (signal) => {
    const child = start('status', '--watch');
    const ended = end(child);
    await once(child.stdout, 'data');
    child.kill(signal);
    expect(await ended).toBe(0);
  });

  it('ends a watch that nobody reads any more, without a word', async () => {
    const child = start('status', '--watch');
    const ended = end(child);
    const notes = text(child.stderr);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect(await ended).toBe(0);
    expect(await notes).not.toMatch(/EPIPE|Error/);
  });

  it('goes on where nobody reads its notes', async () => {
    const child = start('status');
    child.stderr.destroy();
    const [stdout, code] = await Promise.all([text(child.stdout), end(child)]);
    expect(stdout).toContain('host gw1');
    expect(code).toBe(1);
  });
});
