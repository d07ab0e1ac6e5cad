/** Ethernet addresses of our VXLAN devices: known without asking, since they follow from an address of the host. */
import { canonicalAddress } from '../../lib/canonical-address.ts';
import { parseAddress } from '../../lib/prefix.ts';
import { sha256Hex } from '../../lib/sha256.ts';

/** `02:53` marks it as locally administered (IEEE 802) and ours; of IPv4 addresses no two have the same. */
export function ethernetAddress(address: string): string {
  const parsed = parseAddress(address);
  const tail =
    parsed?.family === 4
      ? parsed.value.toString(16).padStart(8, '0')
      : sha256Hex(canonicalAddress(address)).slice(0, 8);
  return `02:53:${(tail.match(/../g) ?? []).join(':')}`;
}
