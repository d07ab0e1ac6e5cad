/** One spelling for each outer address. */
import { formatAddress, parseAddress } from '../lib/prefix.ts';

/** Addresses canonical, host names in lower case, since they compare without case (RFC 4343). */
export function canonicalEndpoint(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text.toLowerCase() : formatAddress(address);
}
