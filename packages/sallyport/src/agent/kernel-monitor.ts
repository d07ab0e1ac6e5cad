/** `ip monitor` tells that something changed; what, the next round finds out. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { SaEndReader } from '../drivers/kernel/sas/sa-end.ts';
import { inNamespace } from '../platform/linux/network-namespace.ts';
import type { SaEnd } from '../status/counter-ledger.ts';
import type { Log } from './log.ts';

/** Calls back after each change of a link, route or rule, until the signal fires. */
export function watchNetwork(onChange: () => void, log: Log, signal: AbortSignal): void {
  follow(['ip', ['monitor', 'link', 'route', 'rule']], signal, {
    onLine: onChange,
    onEnd: (reason) => {
      log.warn({ error: reason }, 'ip monitor ended; going on by timer');
    },
  });
}

export interface IpsecListener {
  /** SAs or policies were taken out, by whomever. What is added, the daemon itself tells of. */
  readonly onGone: () => void;
  /** The last count of an SA that was taken out. */
  readonly onSaEnd: (end: SaEnd) => void;
}

/** Calls back for one network namespace until the signal fires. */
export function watchIpsec(
  networkNamespace: string | undefined,
  { onGone, onSaEnd }: IpsecListener,
  log: Log,
  signal: AbortSignal,
): void {
  const ends = new SaEndReader();
  const words = ['-s', 'xfrm', 'monitor', 'nokeys', 'SA', 'policy'];
  follow(inNamespace(networkNamespace, 'ip', words), signal, {
    onLine: (line) => {
      const end = ends.read(line);
      if (end !== undefined) onSaEnd(end);
      if (/^(?:Deleted|Flushed) /.test(line)) onGone();
    },
    // Many a kernel has no IPsec, and whoever runs ESP in user space needs none.
    onEnd: (reason) => {
      log.debug({ error: reason }, 'ip xfrm monitor ended; going on by timer');
    },
  });
}

function follow(
  [file, args]: readonly [file: string, args: readonly string[]],
  signal: AbortSignal,
  { onLine, onEnd }: { onLine: (line: string) => void; onEnd: (reason: string) => void },
): void {
  // It must not outlive an agent that is killed: by itself it ends when it next has something to tell.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', file, ...args], {
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
