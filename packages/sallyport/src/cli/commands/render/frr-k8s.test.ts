import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { twoSites } from '../../../model/testing.ts';
import { WORLDS } from '../../../plan/testing/worlds.ts';
import { Shell } from '../../testing/run.ts';

let shell: Shell;

beforeEach(async () => {
  shell = await Shell.create();
});
afterEach(async () => {
  await shell[Symbol.asyncDispose]();
});

describe('render frr-k8s', () => {
  it('writes an object for each node, and for a gateway where it is named, and tells what is not in it', async () => {
    await shell.declare(WORLDS['a gateway before nodes']?.text ?? '');
    const words = ['render', 'frr-k8s', '-f', shell.file('site.yaml'), '--namespace', 'metallb'];
    const { code, stdout } = await shell.run(words);
    expect(code).toBe(0);
    const documents = stdout.split('---\n').map((text): unknown => parse(text));
    expect(documents).toMatchObject([
      { kind: 'FRRConfiguration', metadata: { name: 'sallyport-worker1', namespace: 'metallb' } },
      { kind: 'FRRConfiguration', metadata: { name: 'sallyport-worker2' } },
    ]);
    const gateway = await shell.run([...words, '--host', 'gw2']);
    expect(parse(gateway.stdout)).toMatchObject({ metadata: { name: 'sallyport-gw2' } });
    expect(gateway.stderr).toContain('FRRConfiguration sallyport-gw2: hosts in ');
  });

  it('says where nobody speaks BGP', async () => {
    await shell.declare(twoSites);
    const { code, stderr } = await shell.run(['render', 'frr-k8s', '-f', shell.file('site.yaml')]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^no node speaks BGP: .* --host NAME only\n$/);
    const gateway = await shell.run([
      ...['render', 'frr-k8s', '-f', shell.file('site.yaml'), '--host', 'gw1'],
    ]);
    expect(gateway.stderr).toMatch(/^host gw1 does not speak BGP/);
  });
});
