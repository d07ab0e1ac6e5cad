import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { twoSites } from '../../model/testing.ts';
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
    expect([code, stderr]).toEqual([2, 'sallyport: no Host gw9 is declared\n']);
  });

  it('holds no secret', async () => {
    const { stdout } = await shell.run(['plan', '-f', shell.file('site.yaml'), '-o', 'yaml']);
    expect(stdout).not.toContain('a key for this test');
  });
});
