/** Files that a command of the PKI makes: never over one that is there, and for their owner only. */
import { copyFile, type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../../../lib/error-code.ts';
import { type StagedFile, stageFile, syncDirectory } from '../../../platform/atomic-file.ts';
import { UsageError } from '../../io.ts';

/** Made before there is anything to write, so that what forbids them shows before anything else is done. */
export class NewFiles {
  readonly #files: Map<string, FileHandle>;

  private constructor(files: Map<string, FileHandle>) {
    this.#files = files;
  }

  /** Throws {@link UsageError} where one is there already; makes none then. */
  static async create(directory: string, names: readonly string[]): Promise<NewFiles> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const files = new NewFiles(new Map());
    for (const name of names) {
      const path = join(directory, name);
      try {
        files.#files.set(path, await open(path, 'wx', 0o600));
      } catch (error) {
        await files.discard();
        if (errorCode(error) !== 'EEXIST') throw error;
        throw new UsageError(`${path} is there already: move it away, or name another --out`);
      }
    }
    return files;
  }

  get paths(): string[] {
    return [...this.#files.keys()];
  }

  /** In the order of their names. */
  async write(contents: readonly (string | Uint8Array)[]): Promise<void> {
    for (const [index, file] of [...this.#files.values()].entries()) {
      const content = contents[index];
      if (content === undefined) continue;
      await file.writeFile(content);
      await file.sync();
    }
    for (const file of this.#files.values()) await file.close();
    // What they were made from may be destroyed next.
    for (const directory of new Set(this.paths.map((path) => dirname(path))))
      await syncDirectory(directory);
  }

  async discard(): Promise<void> {
    for (const [path, file] of this.#files) {
      await file.close().catch(() => undefined);
      await rm(path, { force: true });
    }
  }
}

/** All of these, or none; returns their paths. Throws {@link UsageError} where one is there already. */
export async function writeNewFiles(
  directory: string,
  contents: readonly (readonly [name: string, content: string | Uint8Array])[],
): Promise<string[]> {
  const names = contents.map(([name]) => name);
  const files = await NewFiles.create(directory, names);
  try {
    await files.write(contents.map(([, content]) => content));
  } catch (error) {
    await files.discard();
    throw error;
  }
  return files.paths;
}

/**
 * New content for files that are there: in force one after the other, when all of it is on the disk. What they held
 * stays beside them as `NAME.old`, for the case that the other side refuses the new.
 */
export class Replacements {
  readonly paths: readonly string[];
  #staged: StagedFile[] = [];

  constructor(directory: string, names: readonly string[]) {
    this.paths = names.map((name) => join(directory, name));
  }

  /** In the order of their names. */
  async write(contents: readonly string[]): Promise<void> {
    for (const [index, path] of this.paths.entries())
      this.#staged.push(await stageFile(path, contents[index] ?? ''));
    for (const path of this.paths) await copyFile(path, `${path}.old`);
    for (const staged of this.#staged) await staged.commit();
  }

  async discard(): Promise<void> {
    for (const staged of this.#staged) await staged.discard();
  }
}
