/** Stand-ins for the daemon's process and for systemd. */
import { readFile } from 'node:fs/promises';
import type { CommandResult, CommandRunner } from '../linux/command.ts';

/** Answers every command alike, and keeps what was asked. */
export class ScriptedCommands implements CommandRunner {
  readonly lines: string[] = [];
  readonly #answer: Partial<CommandResult>;

  constructor(answer: Partial<CommandResult>) {
    this.#answer = answer;
  }

  run(file: string, args: readonly string[]): Promise<CommandResult> {
    this.lines.push([file, ...args].join(' '));
    return Promise.resolve({ code: 0, stdout: '', stderr: '', ...this.#answer });
  }
}

/** The pid file of a daemon that would be this process: proc(5), field 22 of its stat. */
export async function pidFileOf(pid: number | undefined): Promise<string> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  const [started] = stat
    .replace(/^.*\) /s, '')
    .split(' ')
    .slice(19);
  return JSON.stringify({ pid, started });
}
