/** `ip monitor` tells that something changed; what, the next round finds out. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Log } from './log.ts';

export interface KernelListener {
  /** A link, route or rule has changed. */
  readonly onNetwork: () => void;
  /** SAs or policies were taken out, by whomever. What is added, the daemon itself tells of. */
  readonly onIpsec: () => void;
}

/** Calls back until the signal fires. */
export function watchKernel(listener: KernelListener, log: Log, signal: AbortSignal): void {
  follow(['monitor', 'link', 'route', 'rule'], signal, {
    onLine: listener.onNetwork,
    onEnd: (reason) => {
      log.warn({ error: reason }, 'ip monitor ended; going on by timer');
    },
  });
  follow(['xfrm', 'monitor', 'nokeys', 'SA', 'policy'], signal, {
    onLine: (line) => {
      if (/^(?:Deleted|Flushed) /.test(line)) listener.onIpsec();
    },
    // Many a kernel has no IPsec, and whoever runs ESP in user space needs none.
    onEnd: (reason) => {
      log.debug({ error: reason }, 'ip xfrm monitor ended; going on by timer');
    },
  });
}

function follow(
  words: readonly string[],
  signal: AbortSignal,
  { onLine, onEnd }: { onLine: (line: string) => void; onEnd: (reason: string) => void },
): void {
  // It must not outlive an agent that is killed: by itself it ends when it next has something to tell.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', 'ip', ...words], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, LC_ALL: 'C' },
    signal,
  });
  const ended = (reason: string): void => {
    if (!signal.aborted) onEnd(reason);
  };
  child.on('error', (error) => {
    ended(error.message);
  });
  child.on('exit', (code, by) => {
    ended(`ended with ${String(code ?? by)}`);
  });
  createInterface({ input: child.stdout }).on('line', onLine);
}
