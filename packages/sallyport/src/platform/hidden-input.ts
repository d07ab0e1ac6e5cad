/** Asks a person on the terminal for what nobody shall see. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** One line of standard input, without an echo; empty at its end. Throws where `signal` fires. */
export async function askHidden(question: string, signal: AbortSignal): Promise<string> {
  const silence = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const terminal = createInterface({
    ...{ input: process.stdin, output: silence, terminal: true, historySize: 0 },
  });
  // Only now: what is typed from here on is echoed no more.
  process.stderr.write(question);
  // Nor does the terminal make signals out of keys.
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const closed = new Promise<string>((resolve) => {
    terminal.once('close', () => {
      resolve('');
    });
  });
  try {
    return await Promise.race([terminal.question('', { signal }), closed]);
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
