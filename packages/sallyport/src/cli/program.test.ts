import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { twoSites } from '../model/testing.ts';
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

describe('the program', () => {
  it('has the version of its package', async () => {
    const file = join(import.meta.dirname, '..', '..', 'package.json');
    const { version } = JSON.parse(await readFile(file, 'utf8')) as { version: string };
    expect(VERSION).toBe(version);
    expect(await shell.run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each(COMMANDS.map(({ name }) => name))(
    'has code and help with an example for %s',
    async (name) => {
      expect(LOADERS.has(name)).toBe(true);
      const { code, stdout, stderr } = await shell.run([name, '--help']);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`Usage: sallyport ${name}`);
      expect(stdout).toMatch(new RegExp(`Example:\n.*sallyport ${name}`));
    },
  );

  it.each(COMMANDS.map(({ name, example }) => [name, example] as const))(
    'understands its own example for %s',
    async (name, example) => {
      // Wrong use ends with 2; what the example names is not there, which is another matter.
      const words = example
        .replace(/^source <\((.*)\)$/, '$1')
        .split(' ')
        .slice(1);
      if (name === 'agent') return;
      const { code, stderr } = await shell.run(words);
      if (code === 2) expect(stderr).toMatch(/is not there/);
    },
  );

  it.each([
    { words: ['aply'], hint: /apply/ },
    { words: ['apply', '-f', 'x', '--dryrun'], hint: /--dry-run/ },
    { words: ['apply'], hint: /--file/ },
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
