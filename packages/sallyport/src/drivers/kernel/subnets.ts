/** What lies in reach without a next hop. */
import { containsAddress, parseAddress, parsePrefix } from '../../lib/prefix.ts';
import type { Subnet } from './state.ts';

/** Names of the interfaces that reach the address directly, the one with the smallest subnet first. */
export function interfacesReaching(text: string, subnets: readonly Subnet[]): string[] {
  const address = parseAddress(text);
  if (address === undefined) return [];
  return subnets
    .flatMap((subnet) => {
      const parsed = parsePrefix(subnet.prefix);
      return parsed.ok && containsAddress(parsed.prefix, address)
        ? { name: subnet.interface, length: parsed.prefix.length }
        : [];
    })
    .sort((a, b) => b.length - a.length || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
}
