// What the figures were measured on: without it they say nothing.

import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { execute } from '../lab/execute.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMegabytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly strongswan: string;
  /** Average of the minute before the run: well under 1 on a machine that is ours alone. */
  readonly loadBefore: number;
}

export async function describeMachine(): Promise<Machine> {
  const { stdout, stderr } = await execute('swanctl', ['--version']);
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryMegabytes: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    node: process.version,
    loadBefore: loadavg()[0] ?? 0,
    strongswan: /strongSwan (\S+)/.exec(stdout + stderr)?.[1] ?? 'unknown',
  };
}
