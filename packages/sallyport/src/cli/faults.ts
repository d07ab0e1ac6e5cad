/** Faults of the system in words that say what to do about them. */
import { opendir } from 'node:fs/promises';

/** One line without a line break. */
export function explainFault(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return `${error.message}; this needs root: run it with sudo`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `${error.message}; nothing was changed: make room and repeat it`;
    default:
      return error.message;
  }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/**
 * Throws EACCES where the directory, which only its owner may enter, is somebody else's. Else flock(1)
 * would be asked, which takes a lock that may not be opened for one that is held.
 */
export async function mustEnter(directory: string): Promise<void> {
  try {
    await (await opendir(directory)).close();
  } catch (error) {
    // It is made at first use, and that may fail in words of its own.
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
