/** Which declared Host this machine is. */
import { hostname, networkInterfaces } from 'node:os';
import type { DeclaredObjects } from '../model/declared-objects.ts';
import { UsageError } from './io.ts';

/** By `--host`, by the machine's name, or by an address that only one declared Host has. */
export function findThisHost(objects: DeclaredObjects, wanted: string | undefined): string {
  const hosts = [...objects.hosts.values()];
  const names = [...new Set(hosts.map((host) => host.metadata.name))];
  if (wanted !== undefined) {
    if (names.includes(wanted)) return wanted;
    throw new UsageError(
      `no Host ${wanted} is declared; declared are: ${names.join(', ') || 'none'}`,
    );
  }
  const own = new Set(
    Object.values(networkInterfaces()).flatMap((addresses) =>
      (addresses ?? []).map(({ address }) => address),
    ),
  );
  const byAddress = new Set(
    hosts
      .filter((host) => host.spec.addresses.some((address) => own.has(address)))
      .map((host) => host.metadata.name),
  );
  const [match] = byAddress;
  if (byAddress.size === 1 && match !== undefined) return match;
  const name = hostname().split('.', 1)[0] ?? '';
  if (names.includes(name)) return name;
  throw new UsageError(
    `none of the declared Hosts (${names.join(', ') || 'none'}) has an address or the name of this machine; name it with --host`,
  );
}
