import { chmod, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { twoSites, vary } from '../../model/testing.ts';
import { Shell } from '../testing/run.ts';

let shell: Shell;

beforeEach(async () => {
  shell = await Shell.create();
  await shell.declare(twoSites);
});
afterEach(async () => {
  await shell[Symbol.asyncDispose]();
});

describe('validate', () => {
  it('says that a file is valid', async () => {
    expect(await shell.run(['validate', '-f', shell.file('site.yaml')])).toEqual({
      code: 0,
      stdout: '4 objects are valid\n',
      stderr: '',
    });
  });

  it('reads standard input', async () => {
    const host = twoSites.split('---')[0] ?? '';
    expect((await shell.run(['validate', '-f', '-'], { input: host })).stdout).toBe(
      '1 object is valid\n',
    );
  });

  it('refuses input without any object, such as the output of a program that failed', async () => {
    const { code, stdout, stderr } = await shell.run(['validate', '-f', '-'], { input: '' });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe('error: no object is declared there (-) [input/nothing]\n');
  });

  it('is content with a warning, and says it', async () => {
    await chmod(shell.file('a.psk'), 0o644);
    const { code, stdout, stderr } = await shell.run(['validate', '-f', shell.file('site.yaml')]);
    expect([code, stdout]).toEqual([0, '4 objects are valid\n']);
    expect(stderr).toMatch(/^\S+ warning: Secret default\/a-psk .*\n$/);
  });

  it('is content without keys on a machine that is none of the hosts, and not on one that needs them', async () => {
    await rm(shell.file('a.psk'));
    const validate = () => shell.run(['validate', '-f', shell.file('site.yaml')]);
    expect(await validate()).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/ warning: Secret default\/a-psk .*file-missing/) as unknown,
    });
    await writeFile(shell.file('site.yaml'), vary(twoSites, ['192.0.2.10', '127.0.0.1']));
    expect(await validate()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/ error: Secret default\/a-psk .*file-missing/) as unknown,
    });
  });

  it('says everything that is wrong at once, with place and way out, and fails', async () => {
    const text = vary(
      twoSites,
      ['networks: [10.10.0.0/16', 'networks: [10.10.0.1/16'],
      ['gateway: edge', 'gateway: egde'],
      ['start: initiate', 'strat: initiate'],
    );
    await writeFile(shell.file('site.yaml'), text);
    const { code, stdout, stderr } = await shell.run(['validate', '-f', shell.file('site.yaml')]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/site\.yaml:\d+:\d+: error: Gateway default\/edge spec\.networks\[0\]/);
    expect(stderr).toMatch(/write 10\.10\.0\.0\/16/);
    expect(stderr).toMatch(/strat.*start/);
  });

  it('gives the same as data', async () => {
    await writeFile(shell.file('site.yaml'), vary(twoSites, ['gateway: edge', 'gateway: egde']));
    const words = ['validate', '-f', shell.file('site.yaml'), '-o'];
    const json = await shell.run([...words, 'json']);
    expect([json.code, json.stderr]).toEqual([1, '']);
    const value: unknown = JSON.parse(json.stdout);
    expect(value).toMatchObject({ valid: false, problems: [{ severity: 'error' }] });
    expect(parse((await shell.run([...words, 'yaml'])).stdout)).toEqual(value);
  });

  it('names a file that is not there', async () => {
    const { code, stderr } = await shell.run(['validate', '-f', shell.file('none.yaml')]);
    expect(code).toBe(1);
    expect(stderr).toContain('none.yaml');
  });
});
