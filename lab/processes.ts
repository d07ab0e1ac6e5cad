// What runs on a host of the lab: all hosts share one list of processes, the network namespace tells whose.

import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Host } from './host.ts';

export interface RunningProcess {
  readonly pid: number;
  readonly command: string;
}

/** Sorted by command. */
export async function processesOf(host: Host): Promise<readonly RunningProcess[]> {
  const namespace = (await host.mustExec('readlink', ['/proc/self/ns/net'])).trim();
  const found: RunningProcess[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    // It may end while we look.
    const its = await readlink(`/proc/${pid}/ns/net`).catch(() => '');
    if (its !== namespace) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command === '') continue;
    found.push({ pid: Number(pid), command: command.split('\0').join(' ').trimEnd() });
  }
  return found.sort((a, b) => (a.command < b.command ? -1 : 1));
}
