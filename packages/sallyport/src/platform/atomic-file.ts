/** Files that are either the old or the new one, never half of it: also when the disk is full or the power goes. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** New content beside the old file: on disk, and not in force yet. */
export interface StagedFile {
  /** The new content takes the old one's place. */
  commit(): Promise<void>;
  discard(): Promise<void>;
}

/** Mode 0600 in directories of mode 0700. Throws what the file system says; the old file stays. */
export async function stageFile(path: string, content: string): Promise<StagedFile> {
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
export async function writeFileAtomic(path: string, content: string): Promise<void> {
  const staged = await stageFile(path, content);
  try {
    await staged.commit();
  } catch (error) {
    await staged.discard();
    throw error;
  }
}

/** The new name must survive a power cut too. */
async function syncDirectory(path: string): Promise<void> {
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
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
