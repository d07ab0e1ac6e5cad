/** Where a PKCS #11 token holds a key, and how people write that: RFC 7512. Pure. */
import { z } from 'zod';
import type { Read } from './certificate-names.ts';

export interface TokenKeyPlace {
  /** Path of the library that speaks to the token. */
  readonly module: string;
  /** Label of the token. */
  readonly token: string;
  /** Label of the key. */
  readonly object: string;
}

export const TokenKeyPlace: z.ZodType<TokenKeyPlace> = z.strictObject({
  module: z.string(),
  token: z.string(),
  object: z.string(),
});

const EXAMPLE = 'pkcs11:token=vpn;object=site?module-path=/usr/lib/softhsm/libsofthsm2.so';
const ATTRIBUTES = ['token', 'object', 'module-path'];

/** `name`: of the key, where the URI names none. */
export function readTokenUri(uri: string, name: string): Read<TokenKeyPlace> {
  const refused = (message: string, value = uri): Read<TokenKeyPlace> => ({
    fault: { message, value, hint: `for example: ${EXAMPLE}` },
  });
  const [, text] = /^pkcs11:(.+)$/.exec(uri) ?? [];
  if (text === undefined) return refused('it is no pkcs11: URI');
  const attributes = new Map<string, string>();
  // RFC 7512 §2.3: which token and key, then a query about how to reach them.
  for (const part of text.split(/[;?&]/)) {
    const [, key = '', value = ''] = /^([^=]*)=(.*)$/.exec(part) ?? [];
    // Not shown: it may be a PIN, which every user of the machine could read on a command line.
    if (!ATTRIBUTES.includes(key) || attributes.has(key))
      return refused(`it may say ${ATTRIBUTES.join(', ')}, each once, and nothing else`, '');
    const decoded = decode(value);
    if (decoded === undefined) return refused(`what it says of ${key} cannot be read`);
    attributes.set(key, decoded);
  }
  const token = attributes.get('token');
  const module = attributes.get('module-path');
  if (token === undefined) return refused('it names no token');
  if (!module?.startsWith('/')) return refused('it names no module-path from / on');
  return { value: { module, token, object: attributes.get('object') ?? name } };
}

/** Undefined where it is empty or damaged, or would break lines of a list. */
function decode(value: string): string | undefined {
  try {
    const text = decodeURIComponent(value);
    return /^\P{Cc}+$/u.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
