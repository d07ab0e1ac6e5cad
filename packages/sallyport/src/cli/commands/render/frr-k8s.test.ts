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
  it('writes an object for each host that speaks BGP, and tells what is not in it', async () => {
    const world = WORLDS['BGP with a data centre and a cloud, another gateway, and nodes'];
    await shell.declare(world?.text ?? '');
    const words = ['render', 'frr-k8s', '-f', shell.file('site.yaml'), '--namespace', 'metallb'];
    const { code, stdout, stderr } = await shell.run(words);
    expect(code).toBe(0);
    const documents = stdout.split('---\n').map((text): unknown => parse(text));
    expect(documents).toMatchObject([
      { kind: 'FRRConfiguration', metadata: { name: 'sallyport-gw1', namespace: 'metallb' } },
      { kind: 'FRRConfiguration', metadata: { name: 'sallyport-gw2' } },
    ]);
    expect(stderr).toContain('FRRConfiguration sallyport-gw1: hosts in 10.1.0.0/24 cannot call');
    const one = await shell.run([...words, '--host', 'gw2']);
    expect(one.stdout).not.toContain('---');
  });

  it('says where nobody speaks BGP', async () => {
    await shell.declare(twoSites);
    const { code, stderr } = await shell.run(['render', 'frr-k8s', '-f', shell.file('site.yaml')]);
    expect(code).toBe(0);
    expect(stderr).toContain('none of these hosts speaks BGP');
  });
});
