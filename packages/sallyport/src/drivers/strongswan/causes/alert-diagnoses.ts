/**
 * What `alert` events of strongSwan 6.0.3 and later tell: the kind of a failure and its SA, never a detail.
 * So they stand where no log line says more.
 */
import type { CauseCode } from './cause-texts.ts';
import type { Diagnosis } from './diagnosis.ts';

const CODES: ReadonlyMap<string, CauseCode> = new Map([
  ['local-auth-failed', 'ike/authentication-refused'],
  ['peer-auth-failed', 'ike/not-authenticated'],
  ['peer-addr-failed', 'ike/name-not-resolved'],
  ['peer-init-unreachable', 'ike/no-answer'],
  ['retransmit-send-timeout', 'ike/no-answer'],
  ['half-open-timeout', 'ike/silent-after-init'],
  ['proposal-mismatch-ike', 'ike/no-common-proposal'],
  ['proposal-mismatch-child', 'child/no-common-proposal'],
  ['ts-mismatch', 'child/selectors-refused'],
  ['install-child-sa-failed', 'child/failed'],
  ['install-child-policy-failed', 'child/failed'],
  ['cert-expired', 'ike/certificate-expired'],
  ['cert-revoked', 'ike/certificate-revoked'],
  ['cert-no-issuer', 'ike/certificate-untrusted'],
  ['cert-untrusted-root', 'ike/certificate-untrusted'],
]);

/** Undefined for alerts that tell of no failed negotiation. `alert`: its type. */
export function diagnosisOfAlert(alert: string): Diagnosis | undefined {
  const code = CODES.get(alert);
  if (code === undefined) return undefined;
  return { code, named: code === 'child/failed' ? [alert] : [], isSpecific: false };
}
