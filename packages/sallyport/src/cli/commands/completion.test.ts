import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '../commands.ts';
import { Shell } from '../testing/run.ts';

let shell: Shell;

beforeEach(async () => {
  shell = await Shell.create();
});
afterEach(async () => {
  await shell[Symbol.asyncDispose]();
});

const NAMES = COMMANDS.map(({ name }) => name);
const has = (program: string): boolean => spawnSync(program, ['-c', 'true']).status === 0;

/** What bash itself offers for the last of the words. */
async function complete(...words: readonly string[]): Promise<string[]> {
  const { stdout } = await shell.run(['completion', 'bash']);
  const list = words.map((word) => `'${word}'`).join(' ');
  const script = [
    'set -u',
    stdout,
    `COMP_WORDS=(sallyport ${list}) COMP_CWORD=${words.length}`,
    'eval "$(complete -p sallyport | sed "s/.*-F \\([^ ]*\\).*/\\1/")"',
    'printf "%s\\n" "${COMPREPLY[@]}"',
  ].join('\n');
  const answer = execFileSync('bash', ['-c', script], { encoding: 'utf8', cwd: shell.directory });
  return answer.split('\n').filter((line) => line !== '');
}

describe('completion in bash', () => {
  it.each([
    { words: ['d'], offers: ['describe', 'delete'] },
    { words: [''], offers: [...NAMES, 'help', '--help', '--version'] },
    { words: ['apply', '--d'], offers: ['--dry-run'] },
    { words: ['status', '-'], offers: ['-w', '--watch', '-o', '--output', '-h', '--help'] },
    { words: ['plan', '-o', ''], offers: ['text', 'json', 'yaml'] },
    { words: ['agent', '--log-level', 'd'], offers: ['debug'] },
    { words: ['agent', '--window', ''], offers: [] },
    { words: ['get', 'c'], offers: ['connection', 'cryptopolicy', 'certificateauthority'] },
    { words: ['describe', 'connection', ''], offers: [] },
    { words: ['help', 'va'], offers: ['validate'] },
    { words: ['completion', ''], offers: ['bash', 'zsh', 'fish'] },
    { words: ['nothing', ''], offers: [] },
  ])('offers $offers for $words', async ({ words, offers }) => {
    expect(await complete(...words)).toEqual(offers);
  });

  it('offers files and directories, also with spaces in their names', async () => {
    await mkdir(shell.file('site'));
    await writeFile(shell.file('site two.yaml'), '');
    expect((await complete('validate', '-f', 'si')).sort()).toEqual(['site', 'site two.yaml']);
  });

  it('is not misled by a directory with the name of a command', async () => {
    await mkdir(shell.file('plan'));
    expect(await complete('pl')).toEqual(['plan']);
  });
});

describe('completion in other shells', () => {
  it.each(['zsh', 'fish'])('names every command and every option for %s', async (name) => {
    const { code, stdout } = await shell.run(['completion', name]);
    expect(code).toBe(0);
    for (const entry of COMMANDS) {
      expect(stdout).toContain(entry.name);
      for (const { flags } of entry.options) {
        const long = /(?<=--)[a-z-]+/.exec(flags)?.[0] ?? flags;
        expect(stdout).toMatch(new RegExp(`(--|-l )${long}\\b`));
      }
    }
  });

  it.each(['zsh', 'fish'].filter(has))('is understood by %s', async (name) => {
    const { stdout } = await shell.run(['completion', name]);
    await writeFile(shell.file('script'), stdout);
    const { status, stderr } = spawnSync(name, ['-n', shell.file('script')], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it.skipIf(!has('fish'))('completes an option in fish', async () => {
    const { stdout } = await shell.run(['completion', 'fish']);
    const script = `${stdout}\ncomplete -C 'sallyport apply --d'\ncomplete -C 'sallyport get c'`;
    const answer = execFileSync('fish', ['-c', script], { encoding: 'utf8' });
    expect(answer).toMatch(/^--dry-run\t/m);
    expect(answer).toMatch(/^cryptopolicy\b/m);
  });
});
