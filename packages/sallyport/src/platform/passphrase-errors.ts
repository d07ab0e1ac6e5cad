/** Why something under a passphrase cannot be opened. */

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
