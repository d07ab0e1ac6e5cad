/** Destroys a file: its content as far as the file system writes in place, then its name. */
import { randomBytes } from 'node:crypto';
import { open, realpath, rm } from 'node:fs/promises';

/** Of a symbolic link both, it and what it points to. Throws what the file system says. */
export async function shredFile(path: string): Promise<void> {
  const target = await realpath(path);
  const file = await open(target, 'r+');
  try {
    const { size } = await file.stat();
    await file.write(randomBytes(size), 0, size, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  for (const name of new Set([path, target])) await rm(name, { force: true });
}
