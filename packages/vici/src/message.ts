// The ordered tree that VICI calls a message, as it is read. Values stay bytes until somebody asks for
// text, because certificates and identities need not be UTF-8. Order is kept, since order has a meaning
// on the wire (authentication rounds, children, proposals). Names are read as UTF-8.

/** A scalar, a list or a section to send. Booleans become `yes` and `no`, numbers decimal text. */
export type InputValue =
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | readonly (string | Uint8Array)[]
  | MessageInput;

/**
 * What is sent. A plain object moves integer-like names ("10") to the front, so use a Map where names
 * come from outside and their order matters. `undefined` is left out.
 */
export type MessageInput =
  | { readonly [key: string]: InputValue | undefined }
  | ReadonlyMap<string, InputValue | undefined>
  | Message;

export type Entry =
  | { readonly kind: 'value'; readonly key: string; readonly value: Buffer }
  | { readonly kind: 'list'; readonly key: string; readonly items: readonly Buffer[] }
  | { readonly kind: 'section'; readonly key: string; readonly section: Message };

const TRUE = /^(?:yes|true|enabled|1)$/i;
const INTEGER = /^-?\d{1,15}$/;
const BIG_INTEGER = /^-?\d{1,39}$/;

/** An ordered, read-only VICI message or section. */
export class Message {
  static readonly empty: Message = new Message([]);

  readonly #entries: readonly Entry[];
  #last: Map<string, Entry> | undefined;

  /** Made by the decoder; everybody else uses `buildMessage`. */
  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /** Every element in wire order. A repeated key appears as often as it was sent. */
  entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Distinct names in the order of their first appearance. */
  keys(): Iterable<string> {
    return new Set(this.#entries.map((entry) => entry.key)).values();
  }

  has(key: string): boolean {
    return this.#find(key) !== undefined;
  }

  /** The scalar as text; undefined when absent or not a scalar. Of repeated keys the last counts. */
  text(key: string): string | undefined {
    const entry = this.#find(key);
    return entry?.kind === 'value' ? entry.value.toString('utf8') : undefined;
  }

  /** The scalar as its bytes. */
  bytes(key: string): Uint8Array | undefined {
    const entry = this.#find(key);
    return entry?.kind === 'value' ? entry.value : undefined;
  }

  /** True for yes, true, enabled and 1 in any case; false otherwise, absent included. */
  flag(key: string): boolean {
    const text = this.text(key);
    return text !== undefined && TRUE.test(text);
  }

  /** The scalar as a number of at most 15 decimal digits; undefined when it is anything else. */
  integer(key: string): number | undefined {
    const text = this.text(key);
    return text !== undefined && INTEGER.test(text) ? Number(text) : undefined;
  }

  /** The scalar as a whole number of any size (byte counters). */
  bigint(key: string): bigint | undefined {
    const text = this.text(key);
    return text !== undefined && BIG_INTEGER.test(text) ? BigInt(text) : undefined;
  }

  /** The list as text. Absent means empty: charon leaves empty lists out. Repeated lists are joined. */
  list(key: string): readonly string[] {
    return this.byteList(key).map((item) => Buffer.from(item).toString('utf8'));
  }

  /** The list as bytes. */
  byteList(key: string): readonly Uint8Array[] {
    return this.#entries.flatMap((entry) =>
      entry.kind === 'list' && entry.key === key ? [...entry.items] : [],
    );
  }

  section(key: string): Message | undefined {
    const entry = this.#find(key);
    return entry?.kind === 'section' ? entry.section : undefined;
  }

  /** Direct sections in wire order. */
  *sections(): Iterable<[string, Message]> {
    for (const entry of this.#entries) {
      if (entry.kind === 'section') yield [entry.key, entry.section];
    }
  }

  /**
   * Plain data for logs and tests: text where the bytes are UTF-8, else `0x` and hexadecimal digits.
   * Objects do not keep the order of integer-like names.
   */
  toJSON(): unknown {
    return Object.fromEntries(
      this.#entries.map((entry) => {
        if (entry.kind === 'section') return [entry.key, entry.section.toJSON()];
        if (entry.kind === 'list') return [entry.key, entry.items.map(printable)];
        return [entry.key, printable(entry.value)];
      }),
    );
  }

  #find(key: string): Entry | undefined {
    this.#last ??= new Map(this.#entries.map((entry) => [entry.key, entry]));
    return this.#last.get(key);
  }
}

function printable(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : `0x${bytes.toString('hex')}`;
}
