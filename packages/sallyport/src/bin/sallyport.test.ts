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

const command = (words: readonly string[]): string[] => [
  ...[process.execPath, '--conditions=@sallyport/source', PROGRAM, ...words],
];

function run([program = '', ...words]: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(program, words, {
    env: {
      ...process.env,
      SALLYPORT_STATE_DIR: join(directory, 'state'),
      SALLYPORT_RUN_DIR: join(directory, 'run'),
    },
  });
}

function start(...words: string[]): ChildProcessWithoutNullStreams {
  return run(command(words));
}

/** On a terminal of its own, which shows all that is printed and echoed. Manual: script(1). */
function startOnTerminal(...words: string[]): ChildProcessWithoutNullStreams {
  const line = command(words).map((word) => `'${word}'`);
  return run(['script', '--quiet', '--return', '--command', line.join(' '), '/dev/null']);
}

/** Types each answer when its question stands there; everything that was shown. */
async function talk(
  child: ChildProcessWithoutNullStreams,
  answers: readonly (readonly [question: string, answer: string])[],
): Promise<string> {
  const left = [...answers];
  let shown = '';
  let from = 0;
  for await (const chunk of child.stdout) {
    shown += String(chunk);
    const [question, answer] = left[0] ?? [];
    const at = question === undefined ? -1 : shown.indexOf(question, from);
    if (question === undefined || at < 0) continue;
    from = at + question.length;
    left.shift();
    child.stdin.write(String(answer));
  }
  return shown;
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

  describe('on a terminal', () => {
    const create = ['pki', 'ca', 'create', 'site', '--subject', 'CN=Site'];

    it('asks for a passphrase without showing it', async () => {
      const child = startOnTerminal(...create);
      const ended = end(child);
      const shown = await talk(child, [
        ['passphrase of authority site: ', 'correct horse\r'],
        ['once more: ', 'correct horse\r'],
      ]);
      expect(shown).toMatch(/authority site: CN=Site, valid until/);
      expect(shown).not.toMatch(/correct|horse/);
      expect(await ended).toBe(0);
    });

    it.each([
      { key: 'Ctrl-C', typed: '\x03', code: 130, says: /interrupted/ },
      { key: 'Ctrl-D', typed: '\x04', code: 2, says: /fewer than 12 characters|not the same/ },
    ])('ends in order at $key', async ({ typed, code, says }) => {
      const child = startOnTerminal(...create);
      const ended = end(child);
      const shown = await talk(child, [
        ['passphrase of authority site: ', typed],
        ['once more: ', typed],
      ]);
      expect(shown).toMatch(says);
      expect(await ended).toBe(code);
    });
  });
});
