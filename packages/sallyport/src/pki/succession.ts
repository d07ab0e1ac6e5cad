/** Of an authority and those that take its place, one after the other: who certifies, and who is trusted. Pure. */
import type { AuthorityRecord, Successor } from './record.ts';
import type { JsonName } from './x509.ts';

/** From the first one to the last; `read` is asked for each. */
export async function lineOf<T extends { readonly record: AuthorityRecord }>(
  name: string,
  read: (name: string) => Promise<T>,
): Promise<[T, ...T[]]> {
  const line: [T, ...T[]] = [await read(name)];
  let next = line[0].record.successor?.name;
  while (next !== undefined) {
    const found = await read(next);
    line.push(found);
    next = found.record.successor?.name;
  }
  return line;
}

/** The one that certifies now. `line`: never empty. */
export function signerOf<T extends { readonly record: AuthorityRecord }>(
  line: readonly [T, ...T[]],
  now: Date,
): T {
  const index = line.findIndex(({ record: { successor } }) => !hasTakenOver(successor, now));
  return line[index] ?? line[0];
}

/** All of which something that is valid may still be shown, and all that will certify. */
export function trustedOf<T extends { readonly record: AuthorityRecord }>(
  line: readonly T[],
  now: Date,
): T[] {
  return line.filter(({ record }) => !hasTakenOver(record.successor, now) || hasValid(record, now));
}

function hasTakenOver(successor: Successor | undefined, now: Date): boolean {
  return successor !== undefined && Date.parse(successor.takesOverAt) <= now.getTime();
}

function hasValid({ issued }: AuthorityRecord, now: Date): boolean {
  return issued.some(
    ({ notAfter, revoked }) => revoked === undefined && Date.parse(notAfter) > now.getTime(),
  );
}

const GENERATION = /-g(\d+)$/;

/** 1 for the first one. */
export function generationOf(name: string): number {
  return Number(GENERATION.exec(name)?.[1] ?? 1);
}

/** `site` is followed by `site-g2`, that by `site-g3`; `taken`: names that others have. */
export function successorName(name: string, taken: readonly string[]): string {
  const stem = name.replace(GENERATION, '');
  let generation = generationOf(name) + 1;
  while (taken.includes(`${stem}-g${generation}`)) generation += 1;
  return `${stem}-g${generation}`;
}

/**
 * `CN=Site` is followed by `CN=Site G2`: another name, so that nobody takes the list of one for the list of the other
 * (RFC 5280 §6.3.3 finds it by the name of its issuer).
 */
export function successorSubject(subject: JsonName, generation: number): JsonName {
  return subject.map((part, index) => {
    if (index < subject.length - 1) return part;
    return Object.fromEntries(
      Object.entries(part).map(([type, [value = '']]) => {
        const stem = value.replace(/ G\d+$/, '');
        return [type, [`${stem} G${generation}`]];
      }),
    );
  });
}

/** A list of its own, since each is signed by one key: where the file's name is the authority's, it becomes the next one's. */
export function successorUrl(url: string, name: string, next: string): string | undefined {
  const last = url.lastIndexOf('/') + 1;
  // Names of other namespaces have theirs before a dot, which a URL need not have.
  const plain = (text: string): string => text.slice(text.lastIndexOf('.') + 1);
  const file = url.slice(last);
  const renamed = file.replace(plain(name), plain(next));
  return renamed === file ? undefined : url.slice(0, last) + renamed;
}
