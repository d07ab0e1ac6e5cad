import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { twoSites, vary } from '../model/testing.ts';
import { report } from '../status/testing/reports.ts';
import { COMMANDS } from './commands.ts';
import { LOADERS } from './loaders.ts';
import { Shell } from './testing/run.ts';
import { VERSION } from './version.ts';

let shell: Shell;

beforeEach(async () => {
  shell = await Shell.create();
  await writeFile(shell.file('a.psk'), 'a key for this test', { mode: 0o600 });
  await writeFile(shell.file('site.yaml'), twoSites);
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
    { words: ['get', 'tunnels'], hint: /kinds are: Gateway, Connection/ },
    { words: ['describe', 'connection'], hint: /name/ },
    { words: ['completion', 'tcsh'], hint: /bash, zsh, fish/ },
  ])('calls $words wrong use, and says what is right', async ({ words, hint }) => {
    const { code, stdout, stderr } = await shell.run(words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(hint);
  });
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
    const policy = twoSites.split('---')[0] ?? '';
    expect((await shell.run(['validate', '-f', '-'], policy)).stdout).toBe('1 objects are valid\n');
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

describe('get and describe', () => {
  it('show nothing before anything was applied', async () => {
    expect(await shell.run(['get'])).toEqual({ code: 0, stdout: '', stderr: '' });
    const { code, stderr } = await shell.run(['describe', 'connection', 'partner-a']);
    expect([code, stderr]).toEqual([
      2,
      'sallyport: Connection default/partner-a is not there; see sallyport get\n',
    ]);
  });

  it('show what is stored, by kind and name in any usual spelling', async () => {
    await mkdir(shell.file('state'));
    const object = {
      apiVersion: 'sallyport.dev/v1alpha1',
      kind: 'Host',
      metadata: { name: 'gw1', generation: 3 },
      spec: { addresses: ['192.0.2.10'] },
    };
    await writeFile(
      shell.file('state/objects.json'),
      JSON.stringify([{ file: '/etc/site.yaml', object }]),
    );
    expect((await shell.run(['get'])).stdout).toBe('Host         default/gw1  generation 3\n');
    for (const kind of ['host', 'hosts', 'HOST']) {
      expect((await shell.run(['get', kind, 'default/gw1'])).code).toBe(0);
    }
    expect((await shell.run(['get', 'gateways'])).stdout).toBe('');
    expect((await shell.run(['describe', 'host', 'gw1'])).stdout).toContain('192.0.2.10');
    const json = await shell.run(['describe', 'host', 'gw1', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'Host', metadata: { name: 'gw1' } });
  });

  it('refuse a damaged store instead of taking it for empty', async () => {
    await mkdir(shell.file('state'));
    await writeFile(shell.file('state/objects.json'), '[{"file"');
    const { code, stderr } = await shell.run(['get']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^sallyport: /);
  });
});

describe('status', () => {
  it('says that no agent runs', async () => {
    const { code, stdout, stderr } = await shell.run(['status']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('start sallyport agent');
  });

  it('shows the last report of an agent that is gone, says so, and fails', async () => {
    await mkdir(shell.file('run'));
    await writeFile(shell.file('run/report.json'), JSON.stringify(report));
    const { code, stdout, stderr } = await shell.run(['status', 'partner-a']);
    expect(code).toBe(1);
    expect(stderr).toContain(`this is its last report, of ${report.observedAt}`);
    expect(stdout).toContain('default/partner-a main: up since');
    expect(stdout).not.toContain('partner-b');
    const unknown = await shell.run(['status', 'partner-c']);
    expect([unknown.code, unknown.stdout]).toEqual([2, '']);
  });
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
