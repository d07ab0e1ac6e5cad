/** When a certificate is to be renewed: pure, and the same for everybody who asks. */

const DAY_MILLISECONDS = 86_400_000;

export interface Renewable {
  /** RFC 3339. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Lower-case hex of a hash. */
  readonly fingerprint: string;
}

/** Of its validity: late enough to be of use, early enough for a third of it to find out what goes wrong. */
const SHARE = 2 / 3;
/** Around that, so that what was issued on one day is not renewed in one hour. */
const SPREAD = 1 / 10;

/**
 * At `renewAfterDays`, or two thirds of the validity, and up to a twentieth of it more or less, by the certificate's own
 * fingerprint.
 */
export function renewalTime(
  { notBefore, notAfter, fingerprint }: Renewable,
  renewAfterDays?: number,
): Date {
  const [from, to] = [Date.parse(notBefore), Date.parse(notAfter)];
  // Eight digits of a hash: evenly spread between 0 and 1.
  const place = Number.parseInt(fingerprint.slice(0, 8), 16) / 2 ** 32;
  const age =
    renewAfterDays === undefined ? (to - from) * SHARE : renewAfterDays * DAY_MILLISECONDS;
  // What is cut short by its authority's end is renewed before that all the same.
  return new Date(Math.min(from + age + (to - from) * (place - 0.5) * SPREAD, to));
}
