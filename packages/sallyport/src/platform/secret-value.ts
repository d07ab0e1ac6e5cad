/**
 * Bytes that must never reach a log, an error or a plan: as text and as JSON they are `***`, and
 * `util.inspect` does not look into private members.
 */
const HIDDEN = '***';

export class SecretValue {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The bytes themselves, for the daemon and for nothing else. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }
}
