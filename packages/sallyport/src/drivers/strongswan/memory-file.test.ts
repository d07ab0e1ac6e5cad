import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { emptyMemory, MemoryFile } from './memory-file.ts';
import type { LoadedMemory } from './state.ts';

const SINCE = 'Nov 21 05:00:00 2026';
const full: LoadedMemory = {
  daemonSince: SINCE,
  keys: { 'a/own fingerprint': '0011' },
  ikeSas: { '4': 'hash' },
  childSas: { '7': { hash: 'hash', ike: '4', name: 'v4' } },
};

let directory: string;
let path: string;
let file: MemoryFile;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'memory-file-'));
  path = join(directory, 'loaded.json');
  file = new MemoryFile(path);
});

afterEach(() => rm(directory, { recursive: true }));

describe('MemoryFile', () => {
  it('remembers what was written, also in another process', async () => {
    await file.write(full);
    expect(await new MemoryFile(path).read(SINCE)).toEqual(full);
  });

  it('leaves one file that nobody else reads', async () => {
    await file.write(full);
    await file.write(full);
    expect(await readdir(directory)).toEqual(['loaded.json']);
    expect((await stat(path)).mode & 0o077).toBe(0);
  });

  it('is empty before anything was loaded', async () => {
    expect(await file.read(SINCE)).toEqual(emptyMemory(SINCE));
  });

  it.each([
    ['a second later, as charon counts', 'Nov 21 05:00:01 2026', true],
    ['two seconds earlier', 'Nov 21 04:59:58 2026', true],
    ['three seconds later', 'Nov 21 05:00:03 2026', false],
    ['an hour later', 'Nov 21 06:00:00 2026', false],
    ['at a time that cannot be read', 'yesterday', false],
  ])('of a daemon that began %s', async (_when, since, isSame) => {
    await file.write(full);
    const expected = isSame ? { ...full, daemonSince: since } : emptyMemory(since);
    expect(await file.read(since)).toEqual(expected);
  });

  it('of a daemon whose time cannot be read is known by the same text', async () => {
    await file.write({ ...full, daemonSince: 'yesterday' });
    expect((await file.read('yesterday')).keys).toEqual(full.keys);
  });

  it.each([
    ['nothing', ''],
    ['half of it', JSON.stringify(full).slice(0, 99)],
    ['no object', 'null'],
    ['a list', '[]'],
    ['no daemon', JSON.stringify({ ...full, daemonSince: undefined })],
    ['a number for the daemon', JSON.stringify({ ...full, daemonSince: 1_795_000_000_000 })],
    ['no keys', JSON.stringify({ ...full, keys: undefined })],
    ['a list of keys', JSON.stringify({ ...full, keys: [] })],
    ['keys without ids', JSON.stringify({ ...full, keys: { a: 1 } })],
    ['child SAs of an older agent', JSON.stringify({ ...full, childSas: { '7': 'hash' } })],
    ['a child SA without a name', JSON.stringify({ ...full, childSas: { '7': { hash: 'x' } } })],
  ])('is empty where the file has %s', async (_what, text) => {
    await writeFile(path, text);
    expect(await file.read(SINCE)).toEqual(emptyMemory(SINCE));
  });

  it('is replaced where the file was damaged', async () => {
    await writeFile(path, '{"daemonSince":');
    await file.write(full);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(full);
  });
});
