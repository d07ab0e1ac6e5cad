/** Which declared Host this machine is. */
import { hostname, networkInterfaces } from 'node:os';
import { canonicalAddress } from '../lib/canonical-address.ts';
import type { DeclaredObjects } from '../model/declared-objects.ts';
import { UsageError } from './io.ts';

/** By `--host`, by an address that only one declared Host has, or by the machine's name. */
export function findThisHost(objects: DeclaredObjects, wanted?: string): string | undefined {
  const names = hostNames(objects);
  if (wanted !== undefined) return names.find((name) => name === wanted);
  const own = ownAddresses();
  const byAddress = new Set(
    [...objects.hosts.values()]
      .filter((host) => host.spec.addresses.some((address) => own.has(canonicalAddress(address))))
      .map((host) => host.metadata.name),
  );
  if (byAddress.size === 1) return [...byAddress][0];
  const machine = hostname().split('.', 1)[0] ?? '';
  return names.find((name) => name === machine);
}

/** As `findThisHost`. Throws {@link UsageError} where this machine is none of the declared Hosts. */
export function mustFindThisHost(objects: DeclaredObjects, wanted?: string): string {
  const found = findThisHost(objects, wanted);
  if (found !== undefined) return found;
  const names = hostNames(objects).join(', ') || 'none';
  throw new UsageError(
    wanted === undefined
      ? `none of the declared Hosts (${names}) has an address or the name of this machine; name it with --host`
      : `no Host ${wanted} is declared; declared are: ${names}`,
  );
}

/** Addresses of the declared Host that this machine does not have: nothing can be sent from them. */
export function missingAddresses(objects: DeclaredObjects, host: string): string[] {
  const own = ownAddresses();
  return [...objects.hosts.values()]
    .filter(({ metadata }) => metadata.name === host)
    .flatMap(({ spec }) => spec.addresses)
    .filter((address) => !own.has(canonicalAddress(address)));
}

function ownAddresses(): Set<string> {
  return new Set(
    Object.values(networkInterfaces()).flatMap((addresses) =>
      (addresses ?? []).map(({ address }) => canonicalAddress(address)),
    ),
  );
}

function hostNames(objects: DeclaredObjects): string[] {
  return [...new Set([...objects.hosts.values()].map((host) => host.metadata.name))];
}
