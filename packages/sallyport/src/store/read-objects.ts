/** Finds and reads the files of declarations; what they say is left to the parser. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Problem } from '../lib/problem.ts';
import { makeProblem } from '../model/problem-at.ts';
import { LARGEST_TEXT_BYTES, type SourceText } from '../model/yaml-documents.ts';

/** Stands for standard input where a path is expected. */
const STANDARD_INPUT = '-';
/** The name under which standard input is reported; relative paths in it count from the working directory. */
const STANDARD_INPUT_NAME = 'standard input';

export interface ReadSources {
  readonly sources: readonly SourceText[];
  readonly problems: readonly Problem[];
}

/**
 * Reads files, directories (recursively, `*.yaml` and `*.yml`, sorted) and `-`, which is the text that
 * `readInput` gives. A file reached twice is read once.
 */
export async function readSources(
  paths: readonly string[],
  readInput: () => Promise<string>,
): Promise<ReadSources> {
  const sources = new Map<string, SourceText>();
  const problems: Problem[] = [];
  for (const path of paths) {
    if (path === STANDARD_INPUT) {
      sources.set(STANDARD_INPUT, { file: STANDARD_INPUT_NAME, text: await readInput() });
      continue;
    }
    try {
      const files = (await findFiles(path)).filter((file) => !sources.has(file));
      // Side by side: a thousand files one after the other take longer than all the rest of a plan.
      const texts = await Promise.allSettled(files.map(readText));
      for (const [index, file] of files.entries()) {
        const read = texts[index];
        if (read?.status === 'fulfilled') sources.set(file, { file, text: read.value });
        else problems.push(unreadable(file, read?.reason));
      }
    } catch (cause) {
      problems.push(unreadable(path, cause));
    }
  }
  if (problems.length === 0 && sources.size === 0) problems.push(nothing(paths));
  return { sources: [...sources.values()], problems };
}

async function findFiles(path: string): Promise<string[]> {
  const found = await stat(path);
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  // By code units, so that the order does not depend on the language of the machine.
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const files: string[] = [];
  for (const entry of entries) {
    // Editors and Kubernetes volumes keep copies in hidden files and directories.
    if (entry.name.startsWith('.')) continue;
    const below = join(path, entry.name);
    if (entry.isDirectory()) files.push(...(await findFiles(below)));
    else if (/\.ya?ml$/u.test(entry.name)) files.push(below);
  }
  return files;
}

/** One byte over the limit is enough for the parser to refuse the text. */
async function readText(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > LARGEST_TEXT_BYTES) return ' '.repeat(LARGEST_TEXT_BYTES + 1);
  return readFile(file, 'utf8');
}

function unreadable(path: string, cause: unknown): Problem {
  if (!(cause instanceof Error)) throw cause;
  const code = 'code' in cause ? String(cause.code) : cause.message;
  // Inside a directory the file that failed says more than the directory.
  const at = 'path' in cause && typeof cause.path === 'string' ? cause.path : path;
  return makeProblem(
    'input/unreadable',
    {},
    {
      message: code === 'ENOENT' ? 'there is no such file or directory' : `cannot be read: ${code}`,
      value: at,
      hint: 'give a file or a directory that exists and that you may read',
    },
  );
}

function nothing(paths: readonly string[]): Problem {
  return makeProblem(
    'input/nothing',
    {},
    {
      message: 'there are no files of declarations',
      value: paths.join(', '),
      hint: 'files of declarations end with .yaml or .yml',
    },
  );
}
