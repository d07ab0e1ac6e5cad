/** Shards of this host that run, or have run: each has a run directory until it is ended. */
import { readdir } from 'node:fs/promises';
import { errorCode } from '../../lib/error-code.ts';

/** Names, sorted; also those of an agent that was killed. */
export async function foundShards(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
