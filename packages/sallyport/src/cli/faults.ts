/** Faults of the system in words that say what to do about them. */
import { access, constants } from 'node:fs/promises';

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
 * Throws EACCES where this person may not write in the directory. flock(1), which is asked first else,
 * cannot tell a lock that is taken from one that may not be opened.
 */
export async function mustWriteIn(directory: string): Promise<void> {
  try {
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    // It is made at first use, and that may fail in words of its own.
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
