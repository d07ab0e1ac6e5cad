import { chmod } from 'node:fs/promises';
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

describe('plan', () => {
  it('shows what each host will run, as text and as data', async () => {
    const words = ['plan', '-f', shell.file('site.yaml')];
    const { code, stdout, stderr } = await shell.run(words);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^host gw1\n\n {2}default\/partner-a tunnel main\n/);
    const plans: unknown = JSON.parse((await shell.run([...words, '-o', 'json'])).stdout);
    expect(plans).toMatchObject([{ host: 'gw1', tunnels: [{ connection: 'partner-a' }] }]);
  });

  it('shows one host, or says that it is not declared', async () => {
    const words = ['plan', '-f', shell.file('site.yaml'), '--host'];
    expect((await shell.run([...words, 'gw1'])).code).toBe(0);
    const { code, stderr } = await shell.run([...words, 'gw9']);
    expect([code, stderr]).toEqual([2, 'sallyport: no Host gw9 is declared; declared are: gw1\n']);
  });

  it('gives the same as json and as yaml', async () => {
    const words = ['plan', '-f', shell.file('site.yaml'), '-o'];
    const json: unknown = JSON.parse((await shell.run([...words, 'json'])).stdout);
    const yaml: unknown = parse((await shell.run([...words, 'yaml'])).stdout);
    const [first, second] = [json, yaml].map(withoutSalted);
    expect(first).toEqual(second);
  });

  it('plans nothing of declarations that are wrong', async () => {
    const site = await shell.declare(vary(twoSites, ['gateway: edge', 'gateway: egde']));
    const { code, stdout, stderr } = await shell.run(['plan', '-f', site]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/did you mean "edge"/);
  });

  it('shows a warning beside the plan', async () => {
    await shell.declare(twoSites);
    await chmod(shell.file('a.psk'), 0o644);
    const { code, stdout, stderr } = await shell.run(['plan', '-f', shell.file('site.yaml')]);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^\S+ warning: Secret default\/a-psk/),
    ]);
    expect(stdout).toMatch(/^host gw1\n/);
  });

  it('says that a host carries nothing', async () => {
    const site = await shell.declare(twoSites.split('---')[0] ?? '');
    expect((await shell.run(['plan', '-f', site])).stdout).toBe('host gw1\n  carries no tunnel\n');
  });

  it('holds no secret', async () => {
    const { stdout } = await shell.run(['plan', '-f', shell.file('site.yaml'), '-o', 'yaml']);
    expect(stdout).not.toContain('a key for this test');
  });
});

/** Fingerprints of secrets are salted anew at each offline plan, and the revision with them. */
function withoutSalted(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, member: unknown) =>
      key === 'fingerprint' || key === 'revision' ? '' : member,
    ),
  );
}
