import { chmod, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { twoSites, vary } from '../model/testing.ts';
import type { SecretUse } from '../plan/secret-reference.ts';
import { ObjectStore } from '../store/object-store.ts';
import { storedFrom } from '../store/testing/stored.ts';
import { StoredSecrets } from './secret-source.ts';

const KEY = 'correct horse battery staple';
const use: SecretUse = { namespace: 'default', name: 'a-psk', fingerprint: '' };

let directory: string;
let path: string;
let secrets: StoredSecrets;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'secrets-'));
  path = join(directory, 'objects.json');
  secrets = new StoredSecrets({ objects: path, issued: join(directory, 'issued') });
  await declare(twoSites);
  await writeKey('a.psk', KEY);
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** Relative paths in a declaration count from its file. */
async function declare(text: string): Promise<void> {
  const objects = storedFrom(text, join(directory, 'site.yaml'));
  await (await new ObjectStore(path).stage(objects)).commit();
}

async function writeKey(name: string, key: string): Promise<void> {
  await writeFile(join(directory, name), `${key}\n`);
  await chmod(join(directory, name), 0o600);
}

async function keyNow(): Promise<string> {
  const material = await secrets.read(use);
  if (material.form !== 'psk') throw new Error(material.form);
  return Buffer.from(material.psk.reveal()).toString();
}

describe('StoredSecrets', () => {
  it('reads the file that the declaration names, beside its own', async () => {
    expect(await keyNow()).toBe(KEY);
  });

  it('reads it anew each time: it may have been exchanged', async () => {
    await keyNow();
    await writeKey('a.psk', 'another key of good length');
    expect(await keyNow()).toBe('another key of good length');
  });

  it('follows the declaration to another file, however coarse the times of files are', async () => {
    const time = new Date('2026-06-01T00:00:00Z');
    await utimes(path, time, time);
    await keyNow();
    await writeKey('b.psk', 'the key in the other file');
    await declare(vary(twoSites, ['a.psk', 'b.psk']));
    await utimes(path, time, time);
    expect(await keyNow()).toBe('the key in the other file');
  });

  it.each([
    {
      what: 'a Secret that is not declared',
      asked: { ...use, name: 'other' },
      words: 'Secret default/other is not declared',
    },
    {
      what: 'the Secret of another namespace',
      asked: { ...use, namespace: 'tenant' },
      words: 'Secret tenant/a-psk is not declared',
    },
    {
      what: 'another object of that name',
      asked: { ...use, name: 'partner-a' },
      words: 'Secret default/partner-a is not declared',
    },
  ])('refuses $what', async ({ asked, words }) => {
    await expect(secrets.read(asked)).rejects.toThrow(words);
  });

  it('says which file is missing, and nothing of what others hold', async () => {
    await rm(join(directory, 'a.psk'));
    const error: unknown = await secrets.read(use).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/secret cannot be used: spec\.psk\.file: .*a\.psk/u);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(KEY);
  });

  it('shows the key to nobody who does not ask for it', async () => {
    const material = await secrets.read(use);
    const hex = Buffer.from(KEY).toString('hex');
    for (const text of [
      inspect(material, { depth: 9, showHidden: true }),
      JSON.stringify(material),
    ])
      for (const form of [KEY, hex, Buffer.from(KEY).toString('base64')])
        expect(text).not.toContain(form);
  });

  it('fails where no declarations are stored', async () => {
    await rm(path);
    await expect(secrets.read(use)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
