import { watch } from 'node:fs';
import { parseSince } from '../../lib/since.ts';
import { nameHint } from '../../model/nearest-name.ts';
import { pause } from '../../platform/pause.ts';
import type { EventObject } from '../../status/events/event.ts';
import { formatEvent } from '../../status/events/format-events.ts';
import { type JournalEntry, JournalReader } from '../../store/journal-reader.ts';
import { directoriesFrom, pathsOf } from '../../store/state-directory.ts';
import { EXIT, type Io, type OutputFormat, printAnswer, UsageError } from '../io.ts';

interface EventsOptions {
  readonly since?: string;
  readonly follow?: boolean;
  readonly output: OutputFormat;
}

export async function run(
  [name]: readonly string[],
  options: EventsOptions,
  io: Io,
): Promise<number> {
  const since = options.since === undefined ? 0 : readSince(options.since);
  const directory = pathsOf(directoriesFrom(io.env)).journal;
  const reader = new JournalReader(directory);
  const isWanted = ({ object, at }: JournalEntry): boolean =>
    Date.parse(at) >= since && (name === undefined || namesOf(object).includes(name));
  if (options.follow === true) {
    await follow(reader, directory, isWanted, options.output, io);
    return EXIT.ok;
  }
  const entries = await reader.read();
  const wanted = entries.filter(isWanted);
  if (wanted.length === 0) io.stderr(`${whyNone(name, entries)}\n`);
  await printAnswer(io, options.output, wanted, () => wanted.map(formatEvent).join(''));
  return EXIT.ok;
}

function readSince(text: string): number {
  const since = parseSince(text, Date.now());
  if (since === undefined)
    throw new UsageError(
      `--since: "${text}" is neither a duration such as 90s, 15m, 1h30m, 2d, 1w nor a time such as 2026-06-01 or 2026-06-01T09:30:00Z`,
    );
  return since;
}

/** How a person may name what an event concerns; the host itself has no such name. */
function namesOf({ kind, namespace, name }: EventObject): string[] {
  return kind === 'Connection' ? [name, `${namespace ?? 'default'}/${name}`] : [];
}

function whyNone(name: string | undefined, entries: readonly JournalEntry[]): string {
  if (entries.length === 0) return 'no events: no agent has kept a journal on this host yet';
  if (name === undefined) return 'no events since then';
  const objects = entries.map(({ object }) => object).filter(({ kind }) => kind === 'Connection');
  const isKnown = objects.some((object) => namesOf(object).includes(name));
  const hint = isKnown
    ? undefined
    : nameHint(name, [...new Set(objects.map((object) => object.name))]);
  return `no events of connection ${name}${hint === undefined ? '' : `; ${hint}`}`;
}

/** One value after the other, as they come, until the person interrupts. */
async function follow(
  reader: JournalReader,
  directory: string,
  isWanted: (entry: JournalEntry) => boolean,
  format: OutputFormat,
  io: Io,
): Promise<void> {
  for (;;) {
    const changed = nextChange(directory, io.signal);
    for (const entry of (await reader.read()).filter(isWanted)) await print(entry, format, io);
    await changed;
    if (io.signal.aborted) return;
  }
}

async function print(entry: JournalEntry, format: OutputFormat, io: Io): Promise<void> {
  if (format === 'json') io.stdout(`${JSON.stringify(entry)}\n`);
  else {
    if (format === 'yaml') io.stdout('---\n');
    await printAnswer(io, format, entry, () => formatEvent(entry));
  }
}

/** Where the system has no watch to give, or there is no journal yet, it is looked at so often. */
const POLL_MILLISECONDS = 1_000;

/** Resolves when the journal may have grown, or at the interrupt. */
async function nextChange(directory: string, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const ended = AbortSignal.any([done.signal, signal]);
  const stop = (): void => {
    done.abort();
  };
  try {
    watch(directory, { signal: ended }, stop).on('error', () => undefined);
  } catch {
    // The clock is enough.
  }
  await pause(POLL_MILLISECONDS, ended);
  stop();
}
