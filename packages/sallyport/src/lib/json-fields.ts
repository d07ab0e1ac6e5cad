/** Reading JSON that other programs print: rows of fields, of which none is sure to be there. */

export type Json = Readonly<Record<string, unknown>>;

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

/** `ip -json` prints nothing at all where it has nothing to show. */
export function jsonRows(text: string): Json[] {
  const parsed: unknown = text.trim() === '' ? [] : JSON.parse(text);
  return Array.isArray(parsed) ? parsed.filter(isJson) : [];
}

/** What `nft -j list` prints, thing by thing. Throws where the text is no JSON. */
export function nftItems(text: string): Json[] {
  const parsed: unknown = JSON.parse(text);
  return isJson(parsed) ? jsonRowsOf(parsed, 'nftables') : [];
}

/** Undefined where the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The objects of a list in a field. */
export function jsonRowsOf(row: Json, key: string): Json[] {
  const value = row[key];
  return Array.isArray(value) ? value.filter(isJson) : [];
}

/** A field as text, whether it came as text or as a number. */
export function textOf(row: Json, key: string): string | undefined {
  const value = row[key];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
}
