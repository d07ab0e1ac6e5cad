import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { twoSites } from '../model/testing.ts';
import type { CommandEntry } from './command-entry.ts';
import { COMMANDS } from './commands.ts';
import { LOADERS } from './loaders.ts';
import { Shell } from './testing/run.ts';
import { VERSION } from './version.ts';

let shell: Shell;

beforeEach(async () => {
  shell = await Shell.create();
  await shell.declare(twoSites);
});
afterEach(async () => {
  await shell[Symbol.asyncDispose]();
});

/** Those that have no commands below them, by all their words. */
function callable(entries: readonly CommandEntry[], above: readonly string[] = []): string[] {
  return entries.flatMap(({ name, commands }) =>
    commands === undefined ? [[...above, name].join(' ')] : callable(commands, [...above, name]),
  );
}

describe('the program', () => {
  it('has the version of its package', async () => {
    const file = join(import.meta.dirname, '..', '..', 'package.json');
    const { version } = JSON.parse(await readFile(file, 'utf8')) as { version: string };
    expect(VERSION).toBe(version);
    expect(await shell.run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each(callable(COMMANDS))('has code and help with an example for %s', async (name) => {
    expect(LOADERS.has(name)).toBe(true);
    const { code, stdout, stderr } = await shell.run([...name.split(' '), '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Usage: sallyport ${name}`);
    expect(stdout).toMatch(new RegExp(`Example:\n.*sallyport ${name}`));
  });

  it('has no code that no command calls', () => {
    expect([...LOADERS.keys()].sort()).toEqual(callable(COMMANDS).sort());
  });

  it('lists every command and the exit codes', async () => {
    for (const words of [['--help'], ['help']]) {
      const { code, stdout, stderr } = await shell.run(words);
      expect([code, stderr]).toEqual([0, '']);
      for (const { name } of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
      expect(stdout).toMatch(/^ {2}3 {4}what is there differs/m);
    }
  });

  it('keeps what it prints plain, for pipes and for those who read no colours', async () => {
    vi.stubEnv('FORCE_COLOR', '1');
    for (const words of [['--help'], ['apply', '--help'], ['aply'], ['status']]) {
      const { stdout, stderr } = await shell.run(words);
      expect(stdout + stderr).not.toContain('\u001b');
    }
  });

  it.each([
    { words: ['aply'], hint: /apply/ },
    { words: ['apply', '-f', 'x', '--dryrun'], hint: /--dry-run/ },
    { words: ['apply'], hint: /--file/ },
    { words: [], hint: /Usage: sallyport/ },
    { words: ['get', 'hosts', 'gw1', 'gw2'], hint: /too many arguments/ },
    { words: ['get', 'gatways'], hint: /did you mean "Gateway"/ },
    { words: ['apply', '-f', 'x', '--timeout', 'soon'], hint: /whole number of at least 1/ },
    { words: ['validate', '-f'], hint: /argument missing/ },
    { words: ['status', '-o', 'xml'], hint: /text, json, yaml/ },
    { words: ['agent', '--window', '0'], hint: /at least 1/ },
    { words: ['get', 'tunnels'], hint: /use one of: Gateway, Connection/ },
    { words: ['describe', 'connection'], hint: /name/ },
    { words: ['completion', 'tcsh'], hint: /bash, zsh, fish/ },
  ])('calls $words wrong use, and says what is right', async ({ words, hint }) => {
    const { code, stdout, stderr } = await shell.run(words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(hint);
  });
});
