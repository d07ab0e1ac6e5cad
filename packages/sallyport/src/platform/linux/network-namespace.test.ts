import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  commandsIn,
  hasNamespace,
  identifyNamespace,
  inNamespace,
  isInNamespace,
} from './network-namespace.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'netns-'));
  // As ip-netns(8) binds the namespace to a file.
  await symlink('/proc/self/ns/net', join(directory, 'here'));
  await writeFile(join(directory, 'other'), '');
});
afterEach(() => rm(directory, { recursive: true }));

describe('a network namespace', () => {
  it('is there where it has a name', async () => {
    expect(await hasNamespace('here', directory)).toBe(true);
    expect(await hasNamespace('gone', directory)).toBe(false);
  });

  it('is known again, and told from another', async () => {
    const here = await identifyNamespace('here', directory);
    expect(here).toBeDefined();
    expect(await identifyNamespace('here', directory)).toBe(here);
    expect(await identifyNamespace('other', directory)).not.toBe(here);
    expect(await identifyNamespace('gone', directory)).toBeUndefined();
  });

  it.each([
    ['here', process.pid, true],
    ['other', process.pid, false],
    ['gone', process.pid, false],
    ['here', 2 ** 30, false],
  ])('%s has the process %d: %s', async (name, pid, isIn) => {
    expect(await isInNamespace(pid, name, directory)).toBe(isIn);
  });
});

describe('programs', () => {
  it('run in the namespace that is named, else in ours', () => {
    expect(inNamespace(undefined, 'cat', ['-'])).toEqual(['cat', ['-']]);
    expect(inNamespace('ike2', 'cat', ['-'])).toEqual([
      'ip',
      ['netns', 'exec', 'ike2', 'cat', '-'],
    ]);
  });

  it('get what they are to read, also there', async () => {
    const seen: unknown[] = [];
    const commands = commandsIn('ike2', {
      run: (...call) => {
        seen.push(call);
        return Promise.resolve({ code: 0, stdout: '', stderr: '' });
      },
    });
    await commands.run('tc', ['-batch', '-'], { input: 'qdisc' });
    expect(seen).toEqual([
      ['ip', ['netns', 'exec', 'ike2', 'tc', '-batch', '-'], { input: 'qdisc' }],
    ]);
  });
});
