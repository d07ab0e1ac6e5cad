/** Reads the files that secrets name: regular, bounded, and with a look at who else may read them. */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
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

/** Throws `SecretFaultError`. */
export async function readSecretFile(field: FileField, options: ReadOptions): Promise<SecretFile> {
  const handle = await openFile(field, options.baseDir);
  try {
    return await readOpenFile(handle, field, options);
  } finally {
    await handle.close();
  }
}

async function openFile(field: FileField, baseDir: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK a named pipe would hold us until somebody writes to it.
    return await open(resolve(baseDir, field.file), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const code = errorCode(cause);
    if (code === undefined) throw cause;
    throw new SecretFaultError(
      code === 'ENOENT' || code === 'ENOTDIR'
        ? faultIn(
            field,
            'secret/file-missing',
            'the file does not exist',
            'relative paths count from the declaring file',
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

async function readOpenFile(
  handle: FileHandle,
  field: FileField,
  { secret, largestBytes = LARGEST_FILE_BYTES }: ReadOptions,
): Promise<SecretFile> {
  const stat = await handle.stat();
  if (!stat.isFile()) {
    throw new SecretFaultError(
      faultIn(field, 'secret/file-unreadable', 'this is not a regular file', 'name a file'),
    );
  }
  // One byte more than allowed is read, since the file may grow after `stat`.
  const buffer = new Uint8Array(largestBytes + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
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
