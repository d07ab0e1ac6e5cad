// Why kernels dropped packets, as far as IPsec did it.
//
// Manual: Documentation/networking/xfrm/xfrm_proc.rst.

import type { Host } from './host.ts';

/** `gwa: XfrmAcquireError 3; gwb: nothing`. */
export async function droppedBy(hosts: readonly Host[]): Promise<string> {
  const counts = hosts.map(async (host) => {
    const text = await host.mustExec('cat', ['/proc/net/xfrm_stat']);
    const lines = text.match(/^.*[1-9]\d*$/gm)?.map((line) => line.replace(/\s+/, ' '));
    return `${host.name}: ${lines?.join(', ') ?? 'nothing'}`;
  });
  return (await Promise.all(counts)).join('; ');
}
