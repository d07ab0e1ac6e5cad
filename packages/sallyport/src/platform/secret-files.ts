/** Reads the files that secrets name: regular, bounded, and with a look at who else may read them. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorCode } from '../lib/error-code.ts';
import { type FileField, faultIn, type SecretFault, SecretFaultError } from './secret-fault.ts';

/** Ample for certificate chains and PKCS#12 files. */
const LARGEST_FILE_BYTES = 1024 * 1024;

export interface SecretFile {
  readonly bytes: Uint8Array;
  readonly warnings: readonly SecretFault[];
}

export interface ReadOptions {
  readonly baseDir: string;
  /** The content is secret: say so when everybody may read it. */
  readonly secret: boolean;
  readonly largestBytes?: number;
}

/**
 * Throws `SecretFaultError`. Not asynchronous: the files are small, and to hand each step to another thread takes
 * several times as long as the step.
 */
export function readSecretFile(field: FileField, options: ReadOptions): SecretFile {
  const file = openFile(field, options.baseDir);
  try {
    return readOpenFile(file, field, options);
  } finally {
    closeSync(file);
  }
}

function openFile(field: FileField, baseDir: string): number {
  try {
    // Without O_NONBLOCK a named pipe would hold us until somebody writes to it.
    return openSync(resolve(baseDir, field.file), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const code = errorCode(cause);
    if (code === undefined) throw cause;
    throw new SecretFaultError(
      code === 'ENOENT' || code === 'ENOTDIR'
        ? faultIn(
            field,
            'secret/file-missing',
            'the file does not exist',
            'check the path; one in a declaration counts from its file',
          )
        : faultIn(
            field,
            'secret/file-unreadable',
            `the file cannot be opened: ${code}`,
            'give the user of Sallyport the right to read it',
          ),
    );
  }
}

function readOpenFile(
  file: number,
  field: FileField,
  { secret, largestBytes = LARGEST_FILE_BYTES }: ReadOptions,
): SecretFile {
  const stat = fstatSync(file);
  if (!stat.isFile()) {
    throw new SecretFaultError(
      faultIn(field, 'secret/file-unreadable', 'this is not a regular file', 'name a file'),
    );
  }
  // One byte more than allowed is read, since the file may grow after `stat`.
  const buffer = new Uint8Array(largestBytes + 1);
  let length = 0;
  while (length < buffer.length) {
    const bytesRead = readSync(file, buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  if (length > largestBytes) {
    throw new SecretFaultError(
      faultIn(
        field,
        'secret/file-too-large',
        `the file is larger than ${String(largestBytes)} bytes`,
        'name the file with the key material itself',
      ),
    );
  }
  if (length === 0) {
    throw new SecretFaultError(
      faultIn(field, 'secret/file-empty', 'the file is empty', 'put the key material into it'),
    );
  }
  const warnings =
    secret && (stat.mode & 0o004) !== 0
      ? [
          faultIn(
            field,
            'secret/world-readable',
            'everybody on this host can read the file',
            `chmod o-rwx ${field.file}`,
          ),
        ]
      : [];
  return { bytes: buffer.slice(0, length), warnings };
}
