/** Files that a command of the PKI makes: never over one that is there, and secrets for their owner only. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../../platform/atomic-file.ts';
import { UsageError } from '../../io.ts';

export interface OutputFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** Throws {@link UsageError} where one is there already; writes none then. */
export async function mustBeFree(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const path = join(directory, name);
    if (await isThere(path))
      throw new UsageError(`${path} is there already: move it away, or name another --out`);
  }
}

/** Returns their paths. */
export async function writeFiles(
  directory: string,
  files: readonly OutputFile[],
): Promise<string[]> {
  const paths: string[] = [];
  for (const { name, content } of files) {
    const path = join(directory, name);
    await writeFileAtomic(path, content);
    paths.push(path);
  }
  return paths;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
