/** By which way this host sends to an address now, asked of the kernel. */
import { jsonRows, textOf } from '../../lib/json-fields.ts';
import { systemCommands } from '../../platform/linux/command.ts';
import type { HostReport, TunnelReport } from '../../status/host-report.ts';

/** `namespace/connection/tunnel`. */
export function tunnelWords({ namespace, connection, tunnel }: TunnelReport): string {
  return `${namespace}/${connection}/${tunnel}`;
}

/**
 * A tunnel, another host of ours, or as the kernel has it: in words. In user space all tunnels share a device, and it is one
 * of several.
 */
export async function carriersOf(
  target: string,
  source: string,
  { tunnels, bgp }: HostReport,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const args = ['-json', 'route', 'get', target, 'from', source];
  const { code, stdout } = await systemCommands.run('ip', args, { signal });
  const [row] = code === 0 ? jsonRows(stdout) : [];
  if (row === undefined) return ['nobody'];
  const [device, hop] = [textOf(row, 'dev'), textOf(row, 'gateway')];
  const within = tunnels.filter((one) => one.interface !== undefined && one.interface === device);
  if (within.length > 0) return within.map(tunnelWords);
  const session = bgp?.sessions.find(({ address }) => address === hop);
  return [session?.description ?? [hop, device].filter((part) => part !== undefined).join(' on ')];
}
