import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { twoSites, vary } from '../model/testing.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { collectSecretFacts } from '../platform/secret-facts.ts';
import { ObjectStore, toParsed } from '../store/object-store.ts';
import { readSalt } from '../store/salt.ts';
import { storedFrom } from '../store/testing/stored.ts';
import { StoredSecrets } from './secret-source.ts';
import { SecretWatch } from './secret-watch.ts';

let directory: string;
let plan: HostPlan;
let watch: SecretWatch;

const keyPath = (): string => join(directory, 'a.psk');
const write = (key: string): Promise<void> => writeFile(keyPath(), key, { mode: 0o600 });
const codes = async (of: HostPlan = plan): Promise<string[]> =>
  (await watch.check(of)).map(({ code }) => code);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'watch-'));
  await write('the key that was applied');
  const stored = storedFrom(twoSites, join(directory, 'site.yaml'));
  const objects = join(directory, 'objects.json');
  await (await new ObjectStore(objects).stage(stored)).commit();
  const saltPath = join(directory, 'salt');
  const secrets = await collectSecretFacts(stored.map(toParsed), await readSalt(saltPath));
  plan = planWorld({ text: twoSites, secrets }).plan;
  watch = new SecretWatch({
    secrets: new StoredSecrets({ objects, issued: join(directory, 'issued') }),
    saltPath,
  });
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('the files of secrets', () => {
  it('are as they were applied, also when they were written again', async () => {
    expect(await codes()).toEqual([]);
    await write('the key that was applied');
    expect(await codes()).toEqual([]);
  });

  it('hold something else, until that is applied or taken back', async () => {
    await write('a key that nobody applied');
    const [problem] = await watch.check(plan);
    expect(problem).toMatchObject({ code: 'agent/secret-changed', severity: 'warning' });
    expect(problem?.object).toEqual({ kind: 'Secret', namespace: 'default', name: 'a-psk' });
    expect(JSON.stringify(problem)).not.toContain('nobody applied');
    expect(await codes()).toEqual(['agent/secret-changed']);
    await write('the key that was applied');
    expect(await codes()).toEqual([]);
  });

  it('hold another revocation list than was applied, until that is', async () => {
    expect(await codes()).toEqual([]);
    const [tunnel] = plan.tunnels;
    if (tunnel?.auth.method !== 'psk') throw new Error('the world has a tunnel by key');
    const list = {
      issuer: 'CN=site',
      issuerKey: 'a',
      fingerprint: 'f',
      thisUpdate: '2026-06-01T00:00:00.000Z',
    };
    const secret = { ...tunnel.auth.secret, revocationLists: [list] };
    const applied = { ...plan, tunnels: [{ ...tunnel, auth: { ...tunnel.auth, secret } }] };
    expect(await codes(applied)).toEqual(['agent/secret-changed']);
    expect(await codes()).toEqual([]);
  });

  it('are gone: the tunnel would not come back', async () => {
    await rm(keyPath());
    const [problem] = await watch.check(plan);
    expect(problem?.code).toBe('agent/secret-unusable');
    expect(problem?.message).toMatch(/the file does not exist/);
    await write('the key that was applied');
    expect(await codes()).toEqual([]);
  });

  it('are not looked at again for another plan that wants them as they were', async () => {
    expect(await codes()).toEqual([]);
    await write('a key that nobody applied');
    expect(await watch.check(plan, { onlyNew: true })).toEqual([]);
    expect(await codes()).toEqual(['agent/secret-changed']);
  });

  it('belong to a Secret that is not declared any more', async () => {
    const other = planWorld({
      text: vary(twoSites, ['secret: a-psk', 'secret: b-psk'], ['name: a-psk', 'name: b-psk']),
    });
    expect(await codes(other.plan)).toEqual(['agent/secret-unusable']);
  });

  it('do not matter to a tunnel that shall be down', async () => {
    await rm(keyPath());
    const tunnels = plan.tunnels.map((tunnel) => ({ ...tunnel, enabled: false }));
    expect(await codes({ ...plan, tunnels })).toEqual([]);
  });
});
