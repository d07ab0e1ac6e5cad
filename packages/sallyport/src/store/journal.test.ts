import {
  appendFile,
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Event } from '../status/events/event.ts';
import { Journal } from './journal.ts';
import { JournalReader } from './journal-reader.ts';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'journal-'));
  path = join(directory, 'agent', 'events');
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

function event(after: string): Event {
  return {
    at: '2026-06-01T12:00:08.000Z',
    host: 'gw1',
    reason: 'TunnelUp',
    object: { kind: 'Connection', namespace: 'default', name: 'partner-ä', tunnel: 'main' },
    after,
  };
}

async function contents(): Promise<string[]> {
  const entries = await new JournalReader(path).read();
  return entries.map(({ sequence, after }) => `${sequence} ${after ?? ''}`);
}

async function segments(): Promise<string[]> {
  return (await readdir(path)).map((name) => join(path, name)).sort();
}

async function lastSegment(): Promise<string> {
  return (await segments()).at(-1) ?? '';
}

describe('the journal', () => {
  it('gives back what was kept, numbered, in order and in full', async () => {
    const journal = new Journal(path);
    await journal.append([event('a'), event('b')]);
    await journal.append([]);
    await journal.append([event('c')]);
    expect(await contents()).toEqual(['1 a', '2 b', '3 c']);
    expect((await new JournalReader(path).read())[0]).toEqual({ sequence: 1, ...event('a') });
  });

  it('keeps all that an event may be about', async () => {
    const full: Event = {
      ...event('b'),
      object: { kind: 'Host', namespace: 'default', name: 'gw1', tunnel: 'main', shard: 'second' },
      before: 'a',
      cause: { code: 'host/drifted', message: 'kernel: add route' },
    };
    await new Journal(path).append([full]);
    expect(await new JournalReader(path).read()).toEqual([{ sequence: 1, ...full }]);
  });

  it('is nobody’s business but its owner’s', async () => {
    await new Journal(path).append([event('a')]);
    expect((await stat(await lastSegment())).mode & 0o777).toBe(0o600);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it('goes on with the next number after a restart', async () => {
    await new Journal(path).append([event('a')]);
    await new Journal(path).append([event('b')]);
    expect(await contents()).toEqual(['1 a', '2 b']);
  });

  it('is empty where no agent has ever run', async () => {
    expect(await contents()).toEqual([]);
  });

  it('keeps two segments of bounded size, the newest', async () => {
    const journal = new Journal(path, { segmentBytes: 1_000 });
    for (let i = 1; i <= 100; i++) await journal.append([event(String(i))]);
    const sizes = await Promise.all(
      (await segments()).map(async (file) => (await stat(file)).size),
    );
    expect(sizes).toHaveLength(2);
    expect(Math.max(...sizes)).toBeLessThan(1_300);
    const kept = await contents();
    expect(kept.at(-1)).toBe('100 100');
    expect(kept).toEqual(
      Array.from({ length: kept.length }, (_, i) => 101 - kept.length + i).map((n) => `${n} ${n}`),
    );
    await new Journal(path, { segmentBytes: 1_000 }).append([event('new')]);
    expect((await contents()).at(-1)).toBe('101 new');
  });

  it('leaves out a line that a power cut has torn, and loses nothing behind it', async () => {
    await new Journal(path).append([event('a'), event('b')]);
    const { size } = await stat(await lastSegment());
    await truncate(await lastSegment(), size - 20);
    expect(await contents()).toEqual(['1 a']);
    await new Journal(path).append([event('c')]);
    expect(await contents()).toEqual(['1 a', '2 c']);
  });

  it.each([
    'not json',
    'null',
    '[]',
    '{"sequence":"1"}',
    '{"sequence":9,"at":"yesterday","host":"gw1","reason":"x","object":{"kind":"Host","name":"x"}}',
    '{"sequence":9,"at":"2026-06-01T12:00:08Z","host":"gw1","reason":"x"}',
    '\0'.repeat(4096),
  ])('leaves out a damaged line: %s', async (line) => {
    const journal = new Journal(path);
    await journal.append([event('a')]);
    await appendFile(await lastSegment(), `${line}\n`);
    await journal.append([event('b')]);
    expect(await contents()).toEqual(['1 a', '2 b']);
    await new Journal(path).append([event('c')]);
    expect(await contents()).toEqual(['1 a', '2 b', '3 c']);
  });

  it('goes on where a person has removed it', async () => {
    const journal = new Journal(path);
    await journal.append([event('a')]);
    await rm(path, { recursive: true });
    await journal.append([event('b')]);
    expect(await contents()).toEqual(['2 b']);
  });

  it('keeps in memory what cannot be written, a bounded number, and writes it when it can', async () => {
    const journal = new Journal(path, { waiting: 3 });
    await writeFile(join(directory, 'agent'), 'in the way');
    for (const name of ['a', 'b', 'c', 'd'])
      await expect(journal.append([event(name)])).rejects.toThrow(/ENOTDIR|EEXIST/);
    expect(journal.waiting).toBe(3);
    await rm(join(directory, 'agent'));
    await journal.append([]);
    expect(journal.waiting).toBe(0);
    expect(await contents()).toEqual(['2 b', '3 c', '4 d']);
  });

  it('writes nothing of what a full disk takes only in part, and all of it later', async () => {
    const journal = new Journal(path);
    await journal.append([event('a')]);
    const file = await lastSegment();
    await rename(file, `${file}.aside`);
    await symlink('/dev/full', file);
    await expect(journal.append([event('b'), event('c')])).rejects.toThrow(/ENOSPC|EINVAL/);
    await rename(`${file}.aside`, file);
    await journal.append([event('d')]);
    expect(await contents()).toEqual(['1 a', '2 b', '3 c', '4 d']);
  });
});

/** The next write takes only so many bytes, and cannot be taken back. */
async function breakNextWrite(bytes: number): Promise<void> {
  const handle = await open(directory, 'r');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  vi.spyOn(prototype, 'appendFile').mockImplementationOnce(async function (this: FileHandle, data) {
    await this.write(Buffer.from(data as string).subarray(0, bytes));
    throw new Error('ENOSPC');
  });
  vi.spyOn(prototype, 'truncate').mockRejectedValueOnce(new Error('EIO'));
}

describe('the journal after a write that failed and could not be taken back', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('begins a new line behind the torn one', async () => {
    const journal = new Journal(path);
    await journal.append([event('a')]);
    await breakNextWrite(30);
    await expect(journal.append([event('b')])).rejects.toThrow('ENOSPC');
    await journal.append([event('c')]);
    expect(await contents()).toEqual(['1 a', '2 b', '3 c']);
  });

  it('writes nothing twice', async () => {
    const journal = new Journal(path, { waiting: 3 });
    await journal.append([event('a')]);
    await breakNextWrite(JSON.stringify({ sequence: 2, ...event('b') }).length + 20);
    await expect(journal.append([event('b'), event('c')])).rejects.toThrow('ENOSPC');
    await journal.append([event('d'), event('e')]);
    expect(await contents()).toEqual(['1 a', '2 b', '3 c', '4 d', '5 e']);
  });

  it('writes nothing twice where an old segment cannot be removed', async () => {
    const journal = new Journal(path, { segmentBytes: 100 });
    await journal.append([event('a')]);
    await mkdir(join(path, '0000000000000000.jsonl'));
    await expect(journal.append([event('b')])).rejects.toThrow(/EISDIR|directory/);
    await rm(join(path, '0000000000000000.jsonl'), { recursive: true });
    expect(journal.waiting).toBe(0);
    await journal.append([event('c')]);
    expect(await contents()).toEqual(['2 b', '3 c']);
  });
});

describe('a reader that goes on', () => {
  it('sees each event once, over the change of segments', async () => {
    const journal = new Journal(path, { segmentBytes: 500 });
    const reader = new JournalReader(path);
    expect(await reader.read()).toEqual([]);
    const seen: number[] = [];
    for (let i = 0; i < 20; i++) {
      await journal.append([event('x')]);
      seen.push(...(await reader.read()).map(({ sequence }) => sequence));
    }
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it('waits for the end of a line that is being written', async () => {
    await new Journal(path).append([event('a')]);
    const reader = new JournalReader(path);
    await reader.read();
    const line = JSON.stringify({ sequence: 2, ...event('b') });
    await appendFile(await lastSegment(), line.slice(0, 95));
    expect(await reader.read()).toEqual([]);
    await appendFile(await lastSegment(), `${line.slice(95)}\n`);
    expect(await reader.read()).toMatchObject([{ sequence: 2, after: 'b' }]);
  });
});
