/** Faults of the system in words that say what to do about them. */
import { errorCode } from '../lib/error-code.ts';

/** One line without a line break. */
export function explainFault(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  switch (errorCode(error)) {
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
