/** Addresses of interfaces, as ip-address(8) writes them: `10.0.0.1/30`, or `10.0.0.1 peer 10.0.0.5/32`. */
import { canonicalAddress } from '../../lib/canonical-address.ts';
import { type Json, jsonRowsOf, textOf } from '../../lib/json-fields.ts';
import { familyOf, formatPrefix, parseInterfaceAddress, widthOf } from '../../lib/prefix.ts';
import type { EnginePlan, InsideAddressPlan, InterfacePlan } from '../../plan/host-plan.ts';
import type { Subnet } from './state.ts';

/** Addresses that an interface shall have, and no others. */
export function wantedAddresses({
  addresses = [],
}: Pick<InterfacePlan | EnginePlan, 'addresses'>): string[] {
  return addresses.map(formatAddress);
}

/** What an interface has beside them. */
export function surplusAddresses(
  present: readonly string[],
  wanted: readonly string[],
): readonly string[] {
  return present.filter((address) => !wanted.includes(address) && !isLinkLocal(address));
}

function formatAddress({ local, peer }: InsideAddressPlan): string {
  if (peer === undefined) return text(local);
  // Where there is a peer, the length is that of the way to it.
  const family = familyOf(peer);
  const length = family === undefined ? '' : `/${widthOf(family)}`;
  return `${canonicalAddress(withoutLength(local))} peer ${text(`${peer}${length}`)}`;
}

/** One spelling; unlike a prefix it keeps the bits of the host. */
function text(address: string): string {
  const [bare = '', length = ''] = address.split('/');
  return `${canonicalAddress(bare)}/${length}`;
}

function withoutLength(address: string): string {
  return address.split('/', 1)[0] ?? '';
}

/** `addr_info` of a row of `ip -json address show`. */
export function parseInterfaceAddresses(row: Json): string[] {
  return jsonRowsOf(row, 'addr_info').flatMap((entry) => {
    const local = textOf(entry, 'local');
    const length = textOf(entry, 'prefixlen');
    if (local === undefined || length === undefined) return [];
    const peer = textOf(entry, 'address');
    return peer === undefined
      ? text(`${local}/${length}`)
      : `${canonicalAddress(local)} peer ${text(`${peer}/${length}`)}`;
  });
}

/**
 * What the interface of such a row reaches directly: the subnets of its addresses, or their peers. Without the
 * link-local one, which every interface has.
 */
export function parseSubnets(row: Json): Subnet[] {
  const name = textOf(row, 'ifname');
  return parseInterfaceAddresses(row).flatMap((address) => {
    const parsed = parseInterfaceAddress(address.split(' peer ').at(-1) ?? '');
    return name === undefined || parsed === undefined || isLinkLocal(address)
      ? []
      : { prefix: formatPrefix(parsed.subnet), interface: name };
  });
}

/** The kernel makes such an address whenever IPv6 comes to a link, also with a larger MTU. */
function isLinkLocal(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/.test(address);
}
