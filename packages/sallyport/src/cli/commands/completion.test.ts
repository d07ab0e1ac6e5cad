import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { twoSites } from '../../model/testing.ts';
import { COMMANDS } from '../commands.ts';
import { Shell } from '../testing/run.ts';

let shell: Shell;

beforeEach(async () => {
  shell = await Shell.create();
  await shell.declare(twoSites);
});
afterEach(async () => {
  await shell[Symbol.asyncDispose]();
});

describe('completion', () => {
  it('completes commands and their options in bash', async () => {
    const { stdout } = await shell.run(['completion', 'bash']);
    const complete = (...words: readonly string[]): string[] => {
      const script = `${stdout}\nCOMP_WORDS=(sallyport ${words.map((word) => `'${word}'`).join(' ')})\nCOMP_CWORD=${words.length}\n_sallyport\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n');
    };
    expect(complete('d')).toEqual(['describe', 'delete']);
    expect(complete('apply', '--d')).toEqual(['--dry-run']);
    expect(complete('status', '-')).toEqual(['-w', '--watch', '-o', '--output']);
  });

  it('has scripts for zsh and fish with every command', async () => {
    for (const shellName of ['zsh', 'fish']) {
      const { stdout } = await shell.run(['completion', shellName]);
      for (const { name } of COMMANDS) expect(stdout).toContain(name);
    }
  });
});
