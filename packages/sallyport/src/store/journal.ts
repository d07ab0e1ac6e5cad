/**
 * The journal of a host's events: lines of JSON in segments, of which the newest two stay. One agent
 * writes, which holds the agent's lock; anybody may read meanwhile. A segment is named by the first
 * sequence number in it, so that none is ever renamed under a reader.
 */
import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Event } from '../status/events/event.ts';
import { type JournalEntry, listSegments, parseLines } from './journal-reader.ts';

/** A segment is closed once it is larger. */
const SEGMENT_BYTES = 4 * 1024 * 1024;
const SEGMENTS = 2;
/** Events that wait for room on the disk; older ones are given up. */
const WAITING = 1_000;

export interface JournalOptions {
  readonly segmentBytes?: number;
  readonly waiting?: number;
}

export class Journal {
  readonly #directory: string;
  readonly #segmentBytes: number;
  readonly #limit: number;
  /** Not on disk yet, oldest first. */
  #waiting: Event[] = [];
  /** Events given up since the last write: their numbers are left out. */
  #lost = 0;
  #next: number | undefined;
  #segment: string | undefined;
  /** Where the segment ends is not known: the last writer may have been killed, or failed, in the middle of a line. */
  #isTorn = true;

  constructor(directory: string, options: JournalOptions = {}) {
    this.#directory = directory;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#limit = options.waiting ?? WAITING;
  }

  /** Events that are not on disk yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** On disk when it returns. Throws what the file system says; the events then wait for the next call. */
  async append(events: readonly Event[]): Promise<void> {
    const waiting = [...this.#waiting, ...events];
    this.#waiting = waiting.slice(-this.#limit);
    this.#lost += waiting.length - this.#waiting.length;
    if (waiting.length === 0) return;
    const next = this.#isTorn ? this.#passOver(await this.#findEnd()) : (this.#next ?? 1);
    const first = next + this.#lost;
    const isNew = this.#segment === undefined;
    await this.#write(this.#waiting.map((event, index) => ({ sequence: first + index, ...event })));
    this.#next = first + this.#waiting.length;
    this.#waiting = [];
    this.#lost = 0;
    if (isNew) await this.#removeOld();
  }

  /** Returns the next number. What a write that failed has left whole on disk is kept, and waits no more. */
  #passOver(end: number): number {
    const next = this.#next ?? end;
    const found = Math.max(0, end - next);
    this.#waiting = this.#waiting.slice(Math.max(0, found - this.#lost));
    this.#lost = Math.max(0, this.#lost - found);
    this.#next = next + found;
    return this.#next;
  }

  /** The sequence number after the last one that can be read. */
  async #findEnd(): Promise<number> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const last = (await listSegments(this.#directory)).at(-1);
    this.#segment = last?.name;
    if (last === undefined) return 1;
    const { entries } = parseLines(await readFile(join(this.#directory, last.name)));
    return entries.reduce((end, { sequence }) => Math.max(end, sequence + 1), last.first);
  }

  async #write(entries: readonly JournalEntry[]): Promise<void> {
    // A person may have removed it all.
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const segment = this.#segment ?? segmentName(entries[0]?.sequence ?? 1);
    const file = await open(join(this.#directory, segment), 'a', 0o600);
    try {
      const text = `${this.#isTorn ? '\n' : ''}${entries.map(toLine).join('')}`;
      this.#isTorn = true;
      const size = await appendWhole(file, text);
      this.#isTorn = false;
      this.#segment = size > this.#segmentBytes ? undefined : segment;
    } finally {
      await file.close();
    }
  }

  async #removeOld(): Promise<void> {
    const old = (await listSegments(this.#directory)).slice(0, -SEGMENTS);
    for (const { name } of old) await rm(join(this.#directory, name), { force: true });
  }
}

function segmentName(first: number): string {
  return `${String(first).padStart(16, '0')}.jsonl`;
}

function toLine(entry: JournalEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

/** On disk as a whole, or not at all: a full disk would take the first lines. Returns the size of the file. */
async function appendWhole(file: FileHandle, text: string): Promise<number> {
  const { size } = await file.stat();
  try {
    await file.appendFile(text);
    await file.datasync();
  } catch (error) {
    await file.truncate(size).catch(() => undefined);
    throw error;
  }
  return size + Buffer.byteLength(text);
}
