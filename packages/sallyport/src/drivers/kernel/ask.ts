/** Looks by few processes: to start one takes the agent longer than to read what it prints. */
import { CommandError, type CommandRunner } from '../../platform/linux/command.ts';

export interface Questions {
  readonly options?: readonly string[];
  /** Commands of ip(8) that only show. */
  readonly lines: readonly string[];
  /** So many of the last ones may fail: programs or kernels may not know them. */
  readonly optional?: number;
}

/** `ip -batch` ends at the first line that fails. Of each it prints JSON in one line; '' stands for one that failed. */
export async function askIp(
  commands: CommandRunner,
  { options = [], lines, optional = 0 }: Questions,
  signal: AbortSignal,
): Promise<string[]> {
  // Names from /etc/iproute2 would hide the numbers that are our marks.
  const args = [...options, '-json', '-Numeric', '-batch', '-'];
  const input = lines.map((line) => `${line}\n`).join('');
  const { code, stdout, stderr } = await commands.run('ip', args, { input, signal });
  const answers = stdout.split('\n').slice(0, -1);
  const isComplete = code === 0 && answers.length === lines.length;
  if (!isComplete && (code === 0 || answers.length < lines.length - optional)) {
    const failed = lines[answers.length] ?? '';
    throw new CommandError('ip', [...options, failed], stderr || `exit ${code}`, code);
  }
  return lines.map((_, index) => answers[index] ?? '');
}
