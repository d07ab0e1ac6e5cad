/**
 * Names that go into certificates: distinguished names as strongSwan and openssl print them, and alternative names.
 * Only what every peer compares alike is taken: printable ASCII, without quotes and escapes.
 */
import type { JsonGeneralName, JsonName } from '@peculiar/x509';
import { parseAddress } from '../lib/prefix.ts';
import { printable } from '../lib/printable.ts';
import { canonicalEndpoint } from './addresses.ts';

/** X.520 attributes that gateways are named by, in the usual order. */
const ATTRIBUTES = ['C', 'ST', 'L', 'O', 'OU', 'CN'] as const;

/** Upper bounds of X.520; a country is two letters (RFC 5280, appendix A). */
const LONGEST: Readonly<Record<string, number>> = { C: 2, CN: 64, O: 64, OU: 64, L: 128, ST: 128 };

/** PrintableString and the few signs that identities need (RFC 5280 §4.1.2.4). */
const PRINTABLE = /^[A-Za-z0-9 '()+./:?@_*-]+$/;

export interface NameFault {
  readonly value: string;
  readonly message: string;
  readonly hint: string;
}

export type Read<T> =
  | { readonly value: T; readonly fault?: undefined }
  | { readonly value?: undefined; readonly fault: NameFault };

/** Reads `C=CH, O=Example, CN=gw.example`; the order counts. */
export function readDistinguishedName(text: string): Read<JsonName> {
  const fail = (message: string): Read<JsonName> => ({
    fault: { value: text, message, hint: 'for example: C=CH, O=Example, CN=gw.example' },
  });
  const parts = text.split(',').map((part) => part.trim());
  const name: JsonName = [];
  for (const part of parts) {
    const equals = part.indexOf('=');
    const type = part.slice(0, equals).trim().toUpperCase();
    const value = part.slice(equals + 1).trim();
    if (equals < 1 || value === '') return fail('it must be TYPE=value, with commas between');
    if (!ATTRIBUTES.some((attribute) => attribute === type))
      return fail(`"${printable(type)}" is none of ${ATTRIBUTES.join(', ')}`);
    if (!PRINTABLE.test(value))
      return fail(`${type} may hold letters, digits, blanks and '()+./:?@_*- only`);
    if (value.length > (LONGEST[type] ?? 0))
      return fail(`${type} may have ${LONGEST[type]} characters at most`);
    if (type === 'C' && !/^[A-Z]{2}$/.test(value)) return fail('C is a country in two capitals');
    name.push({ [type]: [value] });
  }
  return { value: name };
}

/** Labels of RFC 1123 §2.1, and the underscore that hosts have all the same; a first label `*` stands for one label (RFC 6125 §6.4.3). */
const DNS_NAME =
  /^(?:\*\.)?(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;
const MAIL_ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9.-]+$/;

/** Reads `gw.example`, `192.0.2.1`, `2001:db8::1`, `ops@example.org`, or with `dns:`, `ip:`, `email:` before it. */
export function readAltName(text: string): Read<JsonGeneralName> {
  const [, prefix, rest = text] = /^(dns|ip|email):(.*)$/s.exec(text) ?? [];
  const isAddress = parseAddress(rest) !== undefined;
  const type = prefix ?? (isAddress ? 'ip' : rest.includes('@') ? 'email' : 'dns');
  switch (type) {
    case 'ip':
      if (isAddress) return { value: { type: 'ip', value: canonicalEndpoint(rest) } };
      break;
    case 'email':
      if (MAIL_ADDRESS.test(rest) && rest.length <= 254)
        return { value: { type: 'email', value: rest } };
      break;
    default:
      // RFC 1123 §2.1: what ends in a number is an address, or a slip in one.
      if (DNS_NAME.test(rest) && rest.length <= 253 && !/(?:^|\.)\d+$/.test(rest))
        return { value: { type: 'dns', value: rest.toLowerCase() } };
  }
  return {
    fault: {
      value: text,
      message: `it is no ${type === 'ip' ? 'address' : type === 'email' ? 'mail address' : 'DNS name'}`,
      hint: 'write a DNS name, an IPv4 or IPv6 address, or user@domain, in ASCII',
    },
  };
}

/** As facts have it: `DNS:gw.example`, `IP:192.0.2.1`, `email:x@y`. */
export function formatAltName({ type, value }: JsonGeneralName): string {
  return `${type === 'email' ? type : type.toUpperCase()}:${value}`;
}

/** As facts have it: `O=Example, CN=gw`. */
export function formatSubject(name: JsonName): string {
  return name
    .flatMap((part) => Object.entries(part).map(([type, [value = '']]) => `${type}=${value}`))
    .join(', ');
}
