/**
 * Distinguished names as text, in the order of the certificate. Ours have escapes (RFC 4514 §2.4), `O=Example\, Inc., CN=gw`;
 * those that begin with a slash are read as strongSwan does, without: `/O=Example, Inc./CN=gw`.
 */

interface Part {
  readonly type: string;
  readonly value: string;
}

/** As the IKE daemon reads it, or why it cannot. */
export type Spelling = { readonly spelled: string } | { readonly fault: string };

/** What strongSwan and openssl call alike; `SN` is a serial number to the one and a surname to the other. */
const TYPES: ReadonlySet<string> = new Set([
  ...['C', 'ST', 'L', 'O', 'OU', 'CN', 'DC', 'UID', 'EMAILADDRESS', 'SERIALNUMBER', 'DNQUALIFIER'],
]);
/** What strongSwan also calls an EMAILADDRESS. */
const MAIL = /^E(?:MAIL)?$/u;

/** Spacing between the parts and the case of their types do not count, their order does (RFC 5280 §7.1). */
export function isSameName(a: string, b: string): boolean {
  const canonical = (text: string): string | undefined => {
    const parts = parse(text)?.map(({ type, value }) => [canonicalType(type), value]);
    return parts === undefined ? undefined : JSON.stringify(parts);
  };
  const name = canonical(a);
  return name !== undefined && name === canonical(b);
}

/** In the words of strongSwan, which knows no escapes; or why it has none for it. */
export function spellName(text: string): Spelling {
  const parts = parse(text);
  if (parts === undefined) return { fault: 'it is not TYPE=value, with commas between' };
  const unknown = parts.find(({ type }) => !TYPES.has(canonicalType(type)));
  if (unknown !== undefined) return { fault: `the IKE daemon knows no ${unknown.type} in names` };
  const values = parts.map(({ value }) => value);
  if (values.some((value) => /^[ =]| $/u.test(value)))
    return { fault: 'the IKE daemon drops blanks at the ends of a value' };
  const join = (separator: string): string =>
    parts.map(({ type, value }) => `${type}=${value}`).join(separator);
  if (values.every((value) => !value.includes(','))) return { spelled: join(', ') };
  if (values.every((value) => !value.includes('/'))) return { spelled: `/${join('/')}` };
  return { fault: 'the IKE daemon reads no name with both a comma and a slash in its values' };
}

function canonicalType(type: string): string {
  return type.toUpperCase().replace(MAIL, 'EMAILADDRESS');
}

function parse(text: string): Part[] | undefined {
  const isSlashed = text.trim().startsWith('/');
  const texts = isSlashed
    ? text.trim().slice(1).split('/')
    : (text.match(/(?:\\.|[^,\\])+/gsu) ?? []);
  const parts = texts.flatMap((part) => parsePart(part, isSlashed) ?? []);
  return parts.length === texts.length && parts.length > 0 ? parts : undefined;
}

function parsePart(text: string, isSlashed: boolean): Part | undefined {
  const [, type = '', raw = ''] = /^\s*([^\s=]+)\s*=(.*)$/su.exec(text) ?? [];
  if (type === '') return undefined;
  if (isSlashed) return { type, value: raw.trim() };
  // Several values in one part (RFC 4514 §2.2), which strongSwan cannot write.
  if (/(?<!\\)\+/u.test(raw)) return undefined;
  const value = unescape(/^\s*((?:\\.|[^\\])*?)\s*$/su.exec(raw)?.[1] ?? '');
  return value === undefined ? undefined : { type, value };
}

/** `\,` and such, and UTF-8 as `\C3\BC`. */
function unescape(text: string): string | undefined {
  try {
    return text.replaceAll(
      /(?<hex>(?:\\[0-9A-Fa-f]{2})+)|\\(?<sign>.)/gsu,
      (_all, hex: string | undefined, sign: string) =>
        hex === undefined ? sign : decodeURIComponent(hex.replaceAll('\\', '%')),
    );
  } catch {
    return undefined;
  }
}
