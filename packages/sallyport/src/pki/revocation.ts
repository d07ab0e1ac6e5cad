/** Why certificates are taken back: the reasons of RFC 5280 §5.3.1 that an operator gives. */
export const REVOCATION_REASONS = [
  'unspecified',
  'key-compromise',
  'ca-compromise',
  'affiliation-changed',
  'superseded',
  'cessation-of-operation',
] as const;

export type RevocationReason = (typeof REVOCATION_REASONS)[number];

export interface Revocation {
  /** Lower-case hex. */
  readonly serial: string;
  /** RFC 3339. */
  readonly at: string;
  readonly reason: RevocationReason;
}
