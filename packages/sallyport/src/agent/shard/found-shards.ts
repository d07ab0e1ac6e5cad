/** Shards of this host that run, or have run: each has a run directory until it is ended. */
import { readdir } from 'node:fs/promises';

/** Names, sorted; also those of an agent that was killed. */
export async function foundShards(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
