/** Network namespaces that have a name, as ip-netns(8) gives it. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandRunner } from './command.ts';

/** Directory of ip-netns(8): a file for each name, bound to the namespace. */
const DIRECTORY = '/run/netns';

/** Program and arguments that run a program in the namespace; absent: in this one. */
export function inNamespace(
  name: string | undefined,
  file: string,
  args: readonly string[],
): readonly [file: string, args: readonly string[]] {
  return name === undefined ? [file, args] : ['ip', ['netns', 'exec', name, file, ...args]];
}

/** Runs every program in the namespace; absent: in this one. */
export function commandsIn(name: string | undefined, commands: CommandRunner): CommandRunner {
  return {
    run: (file, args, options) => commands.run(...inNamespace(name, file, args), options),
  };
}

export async function hasNamespace(name: string, directory: string = DIRECTORY): Promise<boolean> {
  return (await identifyNamespace(name, directory)) !== undefined;
}

/** Another one for each namespace while it is there; undefined where none has the name. */
export function identifyNamespace(
  name: string,
  directory: string = DIRECTORY,
): Promise<string | undefined> {
  return identityOf(join(directory, name));
}

/** Whether a process is in the namespace that has the name now: a name can be given anew. */
export async function isInNamespace(
  pid: number,
  name: string,
  directory: string = DIRECTORY,
): Promise<boolean> {
  const wanted = await identifyNamespace(name, directory);
  return wanted !== undefined && wanted === (await identityOf(`/proc/${pid}/ns/net`));
}

/** namespaces(7): two links are to one namespace where device and inode are the same. */
async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
