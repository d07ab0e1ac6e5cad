/** When a certificate is to be renewed: pure, and the same for everybody who asks. */
import { LATEST_RENEWAL } from '../model/certificate-fields.ts';

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
 * At `renewAfterDays`, or two thirds of the validity where there is none or the validity is too short for it, and up to a
 * twentieth of it more or less, by the certificate's own fingerprint.
 */
export function renewalTime(
  { notBefore, notAfter, fingerprint }: Renewable,
  renewAfterDays?: number,
): Date {
  const [from, to] = [Date.parse(notBefore), Date.parse(notAfter)];
  // Eight digits of a hash: evenly spread between 0 and 1.
  const place = Number.parseInt(fingerprint.slice(0, 8), 16) / 2 ** 32;
  const validity = to - from;
  const asked = (renewAfterDays ?? Number.POSITIVE_INFINITY) * DAY_MILLISECONDS;
  // The end of its authority may have cut it short.
  const age = asked <= validity * LATEST_RENEWAL ? asked : validity * SHARE;
  return new Date(from + age + validity * (place - 0.5) * SPREAD);
}
