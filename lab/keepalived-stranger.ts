// A keepalived that is configured by hand, in the foreground of its host.

import { end } from './execute.ts';
import type { Undo } from './faults.ts';
import type { Host } from './host.ts';

/** Call what it returns to end it in order: its addresses go with it. */
export async function startKeepalivedStranger(host: Host, configuration: string): Promise<Undo> {
  const config = await host.write('keepalived.conf', configuration);
  const child = host.spawn('keepalived', [
    ...['--dont-fork', '--vrrp', '--no-syslog', '--use-file', config],
    ...['--pid', host.file('pid'), '--vrrp_pid', host.file('vrrp_pid')],
  ]);
  return () => end(child, 'SIGTERM');
}
