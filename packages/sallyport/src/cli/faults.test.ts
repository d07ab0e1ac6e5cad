import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { twoSites, vary } from '../model/testing.ts';
import { explainFault } from './faults.ts';
import { Shell } from './testing/run.ts';

const NOBODY = 65_534;

let shell: Shell;

beforeEach(async () => {
  shell = await Shell.create();
  await chmod(shell.directory, 0o755);
  // Of the Host that this machine is: only there the key has to be readable.
  await shell.declare(vary(twoSites, ['192.0.2.10', '127.0.0.1']));
  await mkdir(shell.file('state'));
  await mkdir(shell.file('run'));
  await writeFile(shell.file('state/objects.json'), '[]');
  await writeFile(shell.file('run/report.json'), '{}');
});
afterEach(async () => {
  await shell[Symbol.asyncDispose]();
});

describe('a person without the rights', () => {
  beforeEach(async () => {
    // Root reads everything whatever its mode: it has to become somebody else.
    const isRoot = process.geteuid?.() === 0;
    for (const name of ['state', 'run']) await chmod(shell.file(name), isRoot ? 0o700 : 0o000);
    await chmod(shell.file('a.psk'), 0o000);
    if (isRoot) process.seteuid?.(NOBODY);
  });
  afterEach(async () => {
    if (process.getuid?.() === 0) process.seteuid?.(0);
    for (const name of ['state', 'run']) await chmod(shell.file(name), 0o700);
  });

  it.each([
    ['get'],
    ['describe', 'connection', 'partner-a'],
    ['delete', 'connection', 'partner-a'],
    ['apply', '-f', 'SITE'],
    ['status'],
    ['agent'],
  ])('is told by %s what is missing', async (...words) => {
    const { code, stdout, stderr } = await shell.run(
      words.map((word) => (word === 'SITE' ? shell.file('site.yaml') : word)),
    );
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^sallyport: EACCES: permission denied, .*\/(state|run)\b.*; this needs root: run it with sudo\n$/,
    );
  });

  it('is told by validate which file may not be read, and only once', async () => {
    const { code, stderr } = await shell.run(['validate', '-f', shell.file('site.yaml')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^\S+site\.yaml:\d+:\d+: error: Secret .* the right to read it .*\n$/);
  });
});

describe('explainFault', () => {
  it.each([
    [
      Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' }),
      /run it with sudo/,
    ],
    [Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }), /nothing was changed/],
    [Object.assign(new Error('EDQUOT: quota'), { code: 'EDQUOT' }), /make room/],
    [new Error('the plan is damaged'), /^the plan is damaged$/],
    ['text', /^text$/],
  ])('says of %s what to do', (fault, words) => {
    expect(explainFault(fault)).toMatch(words);
  });
});
