/** Asks a person on the terminal. */
import { createInterface } from 'node:readline/promises';

/** One line of standard input; empty at its end. Throws where `signal` fires. */
export async function ask(question: string, signal: AbortSignal): Promise<string> {
  // What is asked is no answer of the command.
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((resolve) => {
    terminal.once('close', () => {
      resolve('');
    });
  });
  try {
    return await Promise.race([terminal.question(question, { signal }), closed]);
  } finally {
    terminal.close();
  }
}
