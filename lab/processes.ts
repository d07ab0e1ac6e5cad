// What runs on a host of the lab: all hosts share one list of processes, the network namespace tells whose.

import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from './host.ts';

export interface RunningProcess {
  readonly pid: number;
  readonly command: string;
}

/** Of one host or several; sorted by command. */
export async function processesOf(...hosts: readonly Host[]): Promise<readonly RunningProcess[]> {
  const namespaces = await Promise.all(
    hosts.map(async ({ namespace }) => (await stat(join('/run/netns', namespace))).ino),
  );
  const theirs = new Set(namespaces.map((number) => `net:[${String(number)}]`));
  const found: RunningProcess[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    // It may end while we look.
    const its = await readlink(`/proc/${pid}/ns/net`).catch(() => '');
    if (!theirs.has(its)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command === '') continue;
    found.push({ pid: Number(pid), command: command.split('\0').join(' ').trimEnd() });
  }
  return found.sort((a, b) => (a.command < b.command ? -1 : 1));
}

/** It may have ended meanwhile. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
