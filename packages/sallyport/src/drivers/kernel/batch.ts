/**
 * Runs steps of the `ip` kind in few processes. `ip -force -batch -` goes on after a line that failed
 * and names it on standard error: what the kernel said, then `Command failed -:3`.
 */
import { messageOf } from '../../lib/message-of.ts';
import type { CommandRunner } from '../../platform/linux/command.ts';
import { renderStep } from './render.ts';
import type { KernelChange } from './state.ts';

/**
 * Input for one process. It fits into the buffer of the socket to it and goes there in one write, so
 * that `ip` never sees the first half of a line from an agent that was killed while it wrote. Of the usual
 * net.core.wmem_default of 212,992 Linux uses 139 KiB for what is written.
 */
const MOST_INPUT = 96 * 1024;

interface BatchEntry {
  readonly change: KernelChange;
  readonly line: string;
}

/** Errors by change; `family` where the option of the program matters. */
export async function runBatch(
  commands: CommandRunner,
  changes: readonly KernelChange[],
  options: { readonly family?: 4 | 6 | undefined; readonly signal: AbortSignal },
): Promise<Map<KernelChange, string>> {
  const errors = new Map<KernelChange, string>();
  const family = options.family === undefined ? [] : [`-${options.family}`];
  const rendered = changes.map((change) => ({ change, ...renderStep(change.step) }));
  for (const part of ['lines', 'finish'] as const) {
    const entries = rendered
      .filter(({ change }) => !errors.has(change))
      .flatMap(({ change, [part]: lines }) => lines.map((line) => ({ change, line })));
    for (const chunk of chunksOf(entries)) {
      const input = chunk.map(({ line }) => `${line}\n`).join('');
      try {
        const result = await commands.run('ip', [...family, '-force', '-batch', '-'], {
          input,
          signal: options.signal,
        });
        noteFailures(result, chunk, errors);
      } catch (cause) {
        const message = messageOf(cause);
        for (const { change } of chunk) errors.set(change, message);
      }
    }
  }
  return errors;
}

function chunksOf(entries: readonly BatchEntry[]): BatchEntry[][] {
  const chunks: BatchEntry[][] = [];
  let size = MOST_INPUT;
  for (const entry of entries) {
    size += entry.line.length + 1;
    if (size > MOST_INPUT) {
      chunks.push([]);
      size = entry.line.length + 1;
    }
    chunks.at(-1)?.push(entry);
  }
  return chunks;
}

function noteFailures(
  { code, stderr }: { readonly code: number; readonly stderr: string },
  chunk: readonly BatchEntry[],
  errors: Map<KernelChange, string>,
): void {
  let message = '';
  let hasNamedLine = false;
  for (const text of stderr.split('\n')) {
    const number = /^Command failed -:(\d+)/.exec(text)?.[1];
    const entry = number === undefined ? undefined : chunk[Number(number) - 1];
    if (entry === undefined) {
      message = text.trim() || message;
      continue;
    }
    hasNamedLine = true;
    if (!isGone(entry.line, message)) {
      errors.set(entry.change, `ip ${entry.line}: ${message}`);
    }
    message = '';
  }
  if (code === 0 || hasNamedLine) return;
  // Not one line was tried: the program itself did not start its work.
  for (const { change } of chunk)
    errors.set(change, `ip -batch: ${stderr.trim() || `exit ${code}`}`);
}

const GONE =
  /No such process|Cannot find device|No such file|address not found|Cannot assign requested address/i;

/** A removal that finds nothing has reached its aim: routes go with their interface. */
function isGone(line: string, message: string): boolean {
  return line.split(' ')[1] === 'delete' && GONE.test(message);
}
