// A step of the demo holds or fails; the end counts them.

import type { Sallyport } from '../sallyport.ts';

const results: { readonly step: string; readonly seconds: number; readonly fault?: string }[] = [];

/** What it prints is what a person would see. */
export async function step(title: string, run: () => Promise<void>): Promise<void> {
  process.stdout.write(`\n== ${String(results.length + 1)}. ${title}\n`);
  const started = performance.now();
  const fault = await run().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  if (fault !== undefined) process.stdout.write(`FAILED: ${fault}\n`);
  const seconds = (performance.now() - started) / 1_000;
  results.push({ step: title, seconds, ...(fault === undefined ? {} : { fault }) });
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

/** The table of all steps; true where all of them held. */
export function printResults(): boolean {
  process.stdout.write('\n');
  for (const { step: title, seconds, fault } of results) {
    const word = fault === undefined ? 'ok    ' : 'FAILED';
    process.stdout.write(`${word} ${seconds.toFixed(1).padStart(5)} s  ${title}\n`);
  }
  const failed = results.filter(({ fault }) => fault !== undefined).length;
  process.stdout.write(`${String(results.length - failed)} passed, ${String(failed)} failed\n`);
  return failed === 0;
}
