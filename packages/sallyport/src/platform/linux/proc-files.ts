/** Files of /proc and /proc/sys of this network namespace. */
import { readFile } from 'node:fs/promises';

/** Undefined where there is no such file: the kernel lacks what it would tell of. */
export async function readProcFile(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch {
    return undefined;
  }
}
