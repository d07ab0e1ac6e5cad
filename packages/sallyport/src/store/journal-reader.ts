/** Reads the journal of events while an agent may write it, and goes on where it was. */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode } from '../lib/error-code.ts';
import type { Event } from '../status/events/event.ts';

export interface JournalEntry extends Event {
  /** Rises by one with each event of this host. */
  readonly sequence: number;
}

export interface Segment {
  readonly name: string;
  /** Sequence number of the first entry. */
  readonly first: number;
}

export class JournalReader {
  readonly #directory: string;
  #segment: Segment | undefined;
  /** Bytes of `#segment` that were read. */
  #offset = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** What has come since the last call, oldest first; at first everything. */
  async read(): Promise<JournalEntry[]> {
    const entries: JournalEntry[] = [];
    for (const segment of await listSegments(this.#directory)) {
      if (segment.first < (this.#segment?.first ?? 0)) continue;
      if (segment.name !== this.#segment?.name) this.#offset = 0;
      this.#segment = segment;
      const read = parseLines(await readFrom(join(this.#directory, segment.name), this.#offset));
      // A line that is still being written is read the next time.
      this.#offset += read.bytes;
      for (const entry of read.entries) entries.push(entry);
    }
    return entries;
  }
}

/** Nothing where the file was removed meanwhile. */
async function readFrom(path: string, offset: number): Promise<Buffer> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(Math.max(0, size - offset)),
      position: offset,
    });
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** Oldest first; none where there is no journal. */
export async function listSegments(directory: string): Promise<Segment[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => /^\d{16}\.jsonl$/.test(name))
    .sort()
    .map((name) => ({ name, first: Number(name.slice(0, 16)) }));
}

/** Whole lines that hold an event, and how many bytes whole lines take. */
export function parseLines(content: Buffer): { entries: JournalEntry[]; bytes: number } {
  const bytes = content.lastIndexOf('\n') + 1;
  const lines = content.toString('utf8', 0, bytes).split('\n');
  return { entries: lines.flatMap((line) => parseEntry(line) ?? []), bytes };
}

const Entry = z.object({
  sequence: z.int().min(1),
  at: z.iso.datetime(),
  host: z.string(),
  reason: z.string(),
  object: z.object({
    kind: z.string(),
    namespace: z.string().optional(),
    name: z.string(),
    tunnel: z.string().optional(),
    shard: z.string().optional(),
  }),
  before: z.string().optional(),
  after: z.string().optional(),
  cause: z.object({ code: z.string(), message: z.string() }).optional(),
});

function parseEntry(line: string): JournalEntry | undefined {
  if (line === '') return undefined;
  try {
    // A later version may know more reasons; they are only shown.
    return Entry.parse(JSON.parse(line)) as JournalEntry;
  } catch {
    return undefined;
  }
}
