// Where the lab finds the project and keeps what outlives a run.

import { resolve } from 'node:path';

export const projectDirectory: string = resolve(import.meta.dirname, '..');

/** Not in version control: unpacked kernels, results. */
export const cacheDirectory: string = resolve(projectDirectory, '.cache');
