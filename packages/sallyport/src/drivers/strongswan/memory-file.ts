/** `LoadedMemory` on disk, in the run directory: it must not survive a reboot, and charon does not either. */
import { readJsonFile, writeFileAtomic } from '../../platform/atomic-file.ts';
import type { LoadedMemory } from './state.ts';

export function emptyMemory(daemonSince: string): LoadedMemory {
  return { daemonSince, keys: {}, ikeSas: {}, childSas: {} };
}

export class MemoryFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** What was loaded into this very daemon; empty after its restart, and where the file cannot be read. */
  async read(daemonSince: string): Promise<LoadedMemory> {
    try {
      const value = await readJsonFile(this.#path);
      if (isMemory(value) && isSameDaemon(value.daemonSince, daemonSince)) {
        return { ...value, daemonSince };
      }
    } catch {
      // A damaged memory is no memory: everything is loaded again, which does no harm.
    }
    return emptyMemory(daemonSince);
  }

  async write(memory: LoadedMemory): Promise<void> {
    await writeFileAtomic(this.#path, JSON.stringify(memory));
  }
}

/**
 * charon computes its start from two clocks at each call, so that the text wavers by a second. A daemon
 * that was restarted within that time holds nothing, which its own lists show.
 */
const WAVER_MILLISECONDS = 2_000;

export function isSameDaemon(before: string, now: string): boolean {
  const difference = Math.abs(Date.parse(before) - Date.parse(now));
  return before === now || difference <= WAVER_MILLISECONDS;
}

const SECTIONS = ['keys', 'ikeSas'] as const;

function isMemory(value: unknown): value is LoadedMemory {
  if (typeof value !== 'object' || value === null || !('daemonSince' in value)) return false;
  const children: unknown = Reflect.get(value, 'childSas');
  return (
    SECTIONS.every((name) => hasValues(Reflect.get(value, name), isText)) &&
    hasValues(children, isChildOrigin)
  );
}

function hasValues(section: unknown, isValue: (value: unknown) => boolean): boolean {
  return (
    typeof section === 'object' &&
    section !== null &&
    // Names put into a list are lost when it is written.
    !Array.isArray(section) &&
    Object.values(section).every(isValue)
  );
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isChildOrigin(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['hash', 'ike', 'name'].every((field) => isText(Reflect.get(value, field)))
  );
}
