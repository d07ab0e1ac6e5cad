/**
 * One spelling for addresses and prefixes. A person may write `FD02:0::/64`, and every program prints
 * its own: only in one spelling can they be compared as text.
 */
import { formatAddress, parseAddress } from './address.ts';
import { formatPrefix, parsePrefix } from './prefix.ts';
import { remembering } from './remembering.ts';

/** What is no address is left as it is. */
export const canonicalAddress: (text: string) => string = remembering((text) => {
  const address = parseAddress(text);
  return address === undefined ? text : formatAddress(address);
});

/** What is no prefix is left as it is. */
export const canonicalPrefix: (text: string) => string = remembering((text) => {
  const parsed = parsePrefix(text);
  return parsed.ok ? formatPrefix(parsed.prefix) : text;
});
