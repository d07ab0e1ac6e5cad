/** The passphrase of an authority's key, from a file. */
import { messageOf } from '../lib/message-of.ts';
import { readSecretFile } from '../platform/secret-files.ts';

/** The key can be tried offline: what is shorter falls to a dictionary, scrypt or not. */
export const SHORTEST_PASSPHRASE = 12;
const LARGEST_BYTES = 1_024;

/** Without the newline that editors put at its end. Throws what is wrong with the file. */
export function readPassphraseFile(file: string, baseDir: string): string {
  const bytes = readBytes(file, baseDir);
  const passphrase = Buffer.from(bytes)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (passphrase.length < SHORTEST_PASSPHRASE)
    throw new Error(
      `the passphrase in ${file} has fewer than ${SHORTEST_PASSPHRASE} characters: use a longer one`,
    );
  return passphrase;
}

function readBytes(file: string, baseDir: string): Uint8Array {
  const from = { path: ['spec', 'passphraseFile'], file };
  try {
    return readSecretFile(from, { baseDir, secret: true, largestBytes: LARGEST_BYTES }).bytes;
  } catch (error) {
    throw new Error(`passphraseFile ${file}: ${messageOf(error)}`, { cause: error });
  }
}
