/** Addresses as texts of declarations: one spelling, their family, and the prefix of one address. */
import { formatPrefix, type Prefix, parseAddress, parsePrefix } from '../lib/prefix.ts';

/** 4 or 6; absent: not an address, for example a host name. */
export function familyOfText(text: string): 4 | 6 | undefined {
  if (parseAddress(text) === undefined) return undefined;
  return text.includes(':') ? 6 : 4;
}

/** The prefix that holds just this address; absent: not an address. */
export function prefixOfAddress(text: string): Prefix | undefined {
  const family = familyOfText(text);
  if (family === undefined) return undefined;
  const parsed = parsePrefix(`${text}/${family === 4 ? '32' : '128'}`);
  return parsed.ok ? parsed.prefix : undefined;
}

/** One spelling for each address; host names in lower case, since they compare without case. */
export function canonicalEndpoint(text: string): string {
  const prefix = prefixOfAddress(text);
  return prefix === undefined ? text.toLowerCase() : formatPrefix(prefix).replace(/\/.*$/u, '');
}
