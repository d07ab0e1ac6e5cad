import { mkdir, writeFile } from 'node:fs/promises';
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
