// A step of the demo holds or fails, or cannot be shown on this machine; the end counts them.

import type { Sallyport } from '../sallyport.ts';

interface StepResult {
  readonly step: string;
  readonly seconds: number;
  readonly word: 'ok' | 'FAILED' | 'UNSEEN';
}

const results: StepResult[] = [];

/** Why a step cannot be shown here: it has neither held nor failed. */
export class CannotShow extends Error {}

/** What it prints is what a person would see. */
export async function step(title: string, run: () => Promise<void>): Promise<void> {
  process.stdout.write(`\n== ${String(results.length + 1)}. ${title}\n`);
  const started = performance.now();
  const word = await run().then(
    () => 'ok' as const,
    (error: unknown) => {
      const kind = error instanceof CannotShow ? 'UNSEEN' : 'FAILED';
      process.stdout.write(`${kind}: ${error instanceof Error ? error.message : String(error)}\n`);
      return kind;
    },
  );
  results.push({ step: title, seconds: (performance.now() - started) / 1_000, word });
}

export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** Runs a command as a person would type it, and shows what it prints; `shown` says how a word is written. */
export async function type(
  gateway: Sallyport,
  words: readonly string[],
  shown: (word: string) => string = (word) => word,
): Promise<void> {
  process.stdout.write(`$ sallyport ${words.map(shown).join(' ')}\n`);
  const { status, stdout, stderr } = await gateway.run(words);
  process.stdout.write(stderr + stdout);
  must(status === 0, `exit code ${String(status)}`);
}

/** The table of all steps; true where none has failed. */
export function printResults(): boolean {
  process.stdout.write('\n');
  for (const { step: title, seconds, word } of results)
    process.stdout.write(`${word.padEnd(6)} ${seconds.toFixed(1).padStart(5)} s  ${title}\n`);
  const count = (wanted: StepResult['word']): number =>
    results.filter(({ word }) => word === wanted).length;
  const unseen = count('UNSEEN') === 0 ? '' : `, ${String(count('UNSEEN'))} skipped`;
  process.stdout.write(
    `${String(count('ok'))} passed, ${String(count('FAILED'))} failed${unseen}\n`,
  );
  return count('FAILED') === 0;
}
