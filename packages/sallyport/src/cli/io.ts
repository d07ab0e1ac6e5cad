/** What a command may touch of the outside, so that tests can stand in for a terminal. */
export interface Io {
  /** The answer. */
  readonly stdout: (text: string) => void;
  /** Everything else. */
  readonly stderr: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readInput: () => Promise<string>;
  /** Asks a person for what nobody shall see; absent: standard input is no terminal. */
  readonly askHidden?: (question: string) => Promise<string>;
  /** Asks a person, who sees what is typed; absent: standard input is no terminal. */
  readonly ask?: (question: string) => Promise<string>;
  /** Fires when the person interrupts. */
  readonly signal: AbortSignal;
}

/** Exit codes of every command; 130 is what shells give for SIGINT. */
export const EXIT = { ok: 0, failed: 1, usage: 2, difference: 3, interrupted: 130 } as const;

/** Wrong use that only a command itself can see: exit code 2. */
export class UsageError extends Error {}

export type OutputFormat = 'text' | 'json' | 'yaml';

/** Prints the answer in the wanted format; `text` makes the one for people. */
export async function printAnswer(
  io: Io,
  format: OutputFormat,
  value: unknown,
  text: () => string,
): Promise<void> {
  if (format === 'json') io.stdout(`${JSON.stringify(value, undefined, 2)}\n`);
  else if (format === 'yaml') io.stdout((await import('yaml')).stringify(value));
  else io.stdout(text());
}
