/** `ip monitor` tells that something changed; what, the next round finds out. */
import { SaEndReader } from '../drivers/kernel/sas/sa-end.ts';
import { followProgram } from '../platform/linux/follow-program.ts';
import { inNamespace } from '../platform/linux/network-namespace.ts';
import type { SaEnd } from '../status/counter-ledger.ts';
import type { Log } from './log.ts';

export interface NetworkListener {
  /** A link, route or rule has changed. */
  readonly onChange: () => void;
  /** An address has come or gone; the line of `ip monitor` has it, with its length. */
  readonly onAddress: (line: string) => void;
}

/** Calls back after each change, until the signal fires. */
export function watchNetwork(
  { onChange, onAddress }: NetworkListener,
  log: Log,
  signal: AbortSignal,
): void {
  const listener = {
    onLine: (line: string) => {
      if (line.startsWith('[ADDR]')) onAddress(line);
      else onChange();
    },
    onEnd: (reason: string) => {
      log.warn({ error: reason }, 'ip monitor ended; going on by timer');
    },
  };
  followProgram(
    ['ip', ['-oneline', 'monitor', 'label', 'address', 'link', 'route', 'rule']],
    listener,
    signal,
  );
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
  const listener = {
    onLine: (line: string) => {
      const end = ends.read(line);
      if (end !== undefined) onSaEnd(end);
      if (/^(?:Deleted|Flushed) /.test(line)) onGone();
    },
    // Many a kernel has no IPsec, and whoever runs ESP in user space needs none.
    onEnd: (reason: string) => {
      log.debug({ error: reason }, 'ip xfrm monitor ended; going on by timer');
    },
  };
  followProgram(inNamespace(networkNamespace, 'ip', words), listener, signal);
}
