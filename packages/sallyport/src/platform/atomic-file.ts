/** Files that are either the old or the new one, never half of it: also when the disk is full or the power goes. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../lib/error-code.ts';

/** New content beside the old file: on disk, and not in force yet. */
export interface StagedFile {
  /** The new content takes the old one's place. */
  commit(): Promise<void>;
  discard(): Promise<void>;
}

/** Mode 0600 in directories of mode 0700. Throws what the file system says; the old file stays. */
export async function stageFile(path: string, content: string | Uint8Array): Promise<StagedFile> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const discard = (): Promise<void> => rm(temporary, { force: true });
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    discard,
    commit: async () => {
      await rename(temporary, path);
      await syncDirectory(dirname(path));
    },
  };
}

/** As `stageFile`, in force at once. */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const staged = await stageFile(path, content);
  try {
    await staged.commit();
  } catch (error) {
    await staged.discard();
    throw error;
  }
}

/**
 * Removes what writers that were killed have left in a directory; `files`: only beside these. For who holds
 * the lock under which they are written: what another one writes just now would be lost.
 */
export async function removeUnfinished(
  directory: string,
  files?: readonly string[],
): Promise<void> {
  for (const name of await namesIn(directory)) {
    const file = UNFINISHED.exec(name)?.groups?.['file'];
    if (file !== undefined && (files?.includes(file) ?? true)) await rm(join(directory, name));
  }
}

const UNFINISHED = /^(?<file>.+)\.[0-9a-f]{12}\.tmp$/u;

/** None where there is no such directory. */
async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** A new name must survive a power cut, too. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Parsed content; undefined where there is no file. Throws on content that is not JSON. */
export async function readJsonFile(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
