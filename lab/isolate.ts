// Puts the calling program into mount, PID and network namespaces of its own, with an empty /run.
//
// Names of network namespaces, pid files and sockets of two runs cannot meet, and whatever is
// started inside dies with the namespace's first process, however that ends: `unshare --kill-child`
// ties it to the process the user sees, so that `kill -9` leaves nothing behind.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { constants } from 'node:os';

const MARK = 'SALLYPORT_LAB_ISOLATED';

/** Replaces this process by the same program in namespaces of its own; returns only inside them. */
export function isolate(): void {
  if (process.env[MARK] === String(process.pid)) {
    settle();
    return;
  }
  if (process.getuid?.() !== 0) throw new Error('the lab needs root: network namespaces are made');
  // A real exec, not a child: the process that the caller can kill is then `unshare` itself.
  process.execve?.(
    '/usr/bin/unshare',
    [
      'unshare',
      ...['--mount', '--pid', '--net', '--fork', '--kill-child', '--mount-proc', '--'],
      ...[process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    ],
    // The program inside is recognized by being number 1 of its PID namespace.
    { ...environment(), [MARK]: '1' },
  );
  throw new Error('this Node.js cannot replace its own process: version 24 is needed');
}

function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}

function settle(): void {
  Reflect.deleteProperty(process.env, MARK);
  // The first process of a PID namespace ignores every signal that it has no handler for.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => process.exit(128 + constants.signals[signal]));
  }
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'lab', '/run']);
  for (const directory of ['/run/netns', '/run/lock']) mkdirSync(directory);
  execFileSync('ip', ['link', 'set', 'dev', 'lo', 'up']);
}
