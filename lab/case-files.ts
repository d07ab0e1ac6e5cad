// Finds the lab's cases.

import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabDataPlane } from './data-plane.ts';
import { isWhole } from './length.ts';
import { projectDirectory } from './paths.ts';

/** A case with this line also runs where only user-space ESP is. */
const USERSPACE_MARK = /^\/\/ lab: userspace$/m;

/** One with this line, too; in a short run it needs no other kernel than the machine's. */
const ANY_KERNEL_MARK = /^\/\/ lab: any kernel$/m;

/**
 * Its daemons count in tenths of a second: it wants a machine with nothing else to do, and runs by name, or
 * with `--whole`.
 */
const ALONE_MARK = /^\/\/ lab: alone$/m;

/** Minutes: it begins first, so that nobody waits for it in the end. */
const LONG_MARK = /^\/\/ lab: long$/m;

/** Whether the machine's own kernel will do for a case with this text. */
export function needsNoOther(text: string): boolean {
  return ANY_KERNEL_MARK.test(text);
}

/** Absolute paths, long ones first, sorted. */
export interface CaseFiles {
  readonly together: readonly string[];
  /** Each while nothing else runs. */
  readonly alone: readonly string[];
  /** As `alone`, in a short run that does not name them. */
  readonly leftOut: readonly string[];
}

/**
 * Those whose path contains one of the patterns, all if there are none. `isElsewhere` tells by its text what is not to be
 * among them.
 */
export async function caseFiles(
  patterns: readonly string[],
  dataPlane: LabDataPlane,
  isElsewhere: (text: string) => boolean = () => false,
): Promise<CaseFiles> {
  const found: { readonly path: string; readonly text: string }[] = [];
  const places = ['lab/cases/*.lab.ts', 'packages/*/lab/*.lab.ts'];
  for await (const name of glob(places, { cwd: projectDirectory })) {
    if (patterns.length > 0 && !patterns.some((pattern) => name.includes(pattern))) continue;
    const path = join(projectDirectory, name);
    const text = await readFile(path, 'utf8');
    if (dataPlane !== 'kernel' && !USERSPACE_MARK.test(text) && !needsNoOther(text)) continue;
    if (isElsewhere(text)) continue;
    found.push({ path, text });
  }
  const order = ({ path, text }: (typeof found)[number]): string =>
    `${LONG_MARK.test(text) ? 0 : 1} ${path}`;
  const pathsOf = (isAlone: boolean): readonly string[] =>
    found
      .filter(({ text }) => ALONE_MARK.test(text) === isAlone)
      .sort((a, b) => (order(a) < order(b) ? -1 : 1))
      .map(({ path }) => path);
  const wantsAlone = patterns.length > 0 || isWhole();
  return {
    together: pathsOf(false),
    alone: wantsAlone ? pathsOf(true) : [],
    leftOut: wantsAlone ? [] : pathsOf(true),
  };
}
