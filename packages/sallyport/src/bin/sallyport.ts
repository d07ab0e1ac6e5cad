#!/usr/bin/env node
/** Wiring only: the process on one side, the command line on the other. */
import { addAbortSignal } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runProgram } from '../cli/program.ts';
import { ask } from '../platform/ask.ts';
import { askHidden } from '../platform/hidden-input.ts';

const ended = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    ended.abort();
  });
}
// A reader that has seen enough, such as head(1), is no error; what only writes to it ends.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  ended.abort();
});
// Nobody reads the notes: that must not end a change half way.
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await runProgram(process.argv.slice(2), {
  stdout: (answer) => process.stdout.write(answer),
  stderr: (note) => process.stderr.write(note),
  env: process.env,
  readInput: () => text(addAbortSignal(ended.signal, process.stdin)),
  ...(process.stdin.isTTY
    ? {
        askHidden: (question: string) => askHidden(question, ended.signal),
        ask: (question: string) => ask(question, ended.signal),
      }
    : {}),
  signal: ended.signal,
});
