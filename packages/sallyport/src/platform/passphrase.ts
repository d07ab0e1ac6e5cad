/** What opens a file, how much work it may be, and why it does not. */

export class WrongPassphraseError extends Error {}

/** The file asks for more work than any honest one. */
export class WorkError extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'WorkError';
  }
}

/** The file uses a way that we do not read. */
export class UnsupportedError extends Error {
  constructor(what: string) {
    super(`unsupported ${what}`);
    this.name = 'UnsupportedError';
  }
}

/** OpenSSL writes 2,048 rounds of PBKDF2 or 131,072 blocks of scrypt, careful people 600,000; more only keeps the processor busy. */
const MOST_ROUNDS = 1_000_000;
/** Of one file, whose parts each have a key of their own. */
const MOST_ROUNDS_OF_ALL = 3_000_000;

/** A passphrase, and what may still be done with it for one file. */
export class Passphrase {
  readonly text: string;
  #left: number = MOST_ROUNDS_OF_ALL;

  constructor(text: string) {
    this.text = text;
  }

  /** Before each derivation of a key: rounds, or blocks of scrypt. Throws {@link WorkError}. */
  spend(rounds: number): void {
    if (rounds > MOST_ROUNDS) throw new WorkError(`${String(rounds)} rounds of key derivation`);
    this.#left -= Math.max(1, rounds);
    if (this.#left < 0)
      throw new WorkError(
        `more than ${String(MOST_ROUNDS_OF_ALL)} rounds of key derivation in all`,
      );
  }
}

export interface Refusal {
  readonly ok: false;
  readonly reason: 'malformed' | 'unsupported' | 'wrong-passphrase' | 'too-many-iterations';
  readonly message: string;
}

/** `form`: what the file was taken for. */
export function refusalOf(cause: unknown, form: string): Refusal {
  if (cause instanceof WrongPassphraseError) {
    return {
      ...{ ok: false, reason: 'wrong-passphrase' },
      message: 'the passphrase does not open the file',
    };
  }
  if (cause instanceof WorkError) {
    return {
      ...{ ok: false, reason: 'too-many-iterations' },
      message: `the file asks for ${cause.message}`,
    };
  }
  if (cause instanceof UnsupportedError) {
    return { ok: false, reason: 'unsupported', message: `the file has an ${cause.message}` };
  }
  // Whatever the ASN.1 parser throws means one thing: this is not what it should be.
  return { ok: false, reason: 'malformed', message: `the file is not ${form}` };
}
