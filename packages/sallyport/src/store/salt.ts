/** One salt an installation: fingerprints of secrets can be compared over time, and tell nothing elsewhere. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { errorCode } from '../lib/error-code.ts';
import { writeFileAtomic } from '../platform/atomic-file.ts';

const SALT_BYTES = 32;

/** For fingerprints that are only compared with each other, and then thrown away. */
export function passingSalt(): Buffer {
  return randomBytes(SALT_BYTES);
}

/** Made at first use. */
export async function readSalt(path: string): Promise<Buffer> {
  try {
    const salt = Buffer.from(await readFile(path, 'utf8'), 'hex');
    if (salt.length === SALT_BYTES) return salt;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  const salt = passingSalt();
  await writeFileAtomic(path, salt.toString('hex'));
  return salt;
}
