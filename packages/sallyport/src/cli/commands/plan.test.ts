import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

describe('plan --diff', () => {
  const CALMER = vary(twoSites, [
    'crypto: default',
    'crypto: default\n  liveness: {delaySeconds: 30}',
  ]);
  const declareElsewhere = async (text: string): Promise<string> => {
    const path = shell.file('old');
    await mkdir(path);
    await writeFile(join(path, 'site.yaml'), text);
    await writeFile(join(path, 'a.psk'), 'a key for this test', { mode: 0o600 });
    return path;
  };
  const compare = (...words: string[]) =>
    shell.run(['plan', '-f', shell.file('site.yaml'), ...words]);

  it('names each change with its class and reason, and what it does on each host', async () => {
    const old = await declareElsewhere(twoSites);
    await shell.declare(CALMER);
    const { code, stdout, stderr } = await compare('--diff', old);
    expect([code, stderr]).toEqual([3, '']);
    expect(stdout.split('\n')).toEqual([
      'Connection default/partner-a spec.liveness.delaySeconds: 10 -> 30 (roll: a new IKE SA with its Child SAs: an IKE SA keeps the delay it was made with)',
      'host gw1:',
      '  replace default/partner-a tunnel main, liveness: probed after 10s of silence -> probed after 30s of silence',
      '',
    ]);
    const { stdout: json } = await compare('--diff', old, '-o', 'json');
    expect(JSON.parse(json)).toMatchObject({
      asked: [{ path: 'spec.liveness.delaySeconds', class: 'roll', before: 10, after: 30 }],
      hosts: [{ host: 'gw1', changes: [{ action: 'replace' }] }],
    });
  });

  it('sees another content of a key under the same name', async () => {
    const old = await declareElsewhere(twoSites);
    await writeFile(join(old, 'a.psk'), 'the key of last year');
    const { code, stdout } = await compare('--diff', old);
    expect(code).toBe(3);
    expect(stdout).toContain('content of Secret default/a-psk');
    expect(stdout).not.toContain('last year');
  });

  it('says that nothing differs', async () => {
    const old = await declareElsewhere(twoSites);
    expect(await compare('--diff', old)).toEqual({
      code: 0,
      stdout: 'nothing differs\n',
      stderr: '',
    });
  });

  it('compares with what is in effect here, where what is not declared again stays', async () => {
    await shell.fakeSystem();
    const first = await compare('--diff');
    expect(first.code).toBe(3);
    expect(first.stdout).toMatch(/^Connection default\/partner-a added /);
    await shell.run(['apply', '-f', shell.file('site.yaml'), '--host', 'gw1']);
    expect((await compare('--diff')).stdout).toBe('nothing differs\n');
    await writeFile(shell.file('a.psk'), 'the key of next year');
    const renewed = await compare('--diff');
    expect([renewed.code, renewed.stdout]).toEqual([
      3,
      expect.stringContaining('content of Secret default/a-psk') as string,
    ]);
    await shell.declare(
      CALMER.split('---')
        .filter((part) => !part.includes('kind: Host'))
        .join('---'),
    );
    const { stdout } = await compare('--diff');
    expect(stdout).toContain('spec.liveness.delaySeconds: 10 -> 30');
    expect(stdout).not.toContain('removed');
  });

  it('stops where either side is wrong, or the host is unknown', async () => {
    const old = await declareElsewhere(vary(twoSites, ['gateway: edge', 'gateway: egde']));
    expect(await compare('--diff', old)).toMatchObject({ code: 1, stdout: '' });
    const { code, stderr } = await compare('--diff', '--host', 'gw9');
    expect([code, stderr]).toEqual([2, 'sallyport: no Host gw9 is declared; declared are: gw1\n']);
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
