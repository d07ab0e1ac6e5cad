/** Which of two diagnoses of about the same time says more. */
import type { CauseCode } from './cause-texts.ts';
import type { Diagnosis } from './diagnosis.ts';

/**
 * What a diagnosis is worth beside another one of about the same time. Silence says least. What follows
 * from a failure comes after the other side's verdict. What we have seen ourselves says most: it is the
 * reason, which the other side's verdict on us does not tell.
 */
const WORTH: Readonly<Record<CauseCode, number>> = {
  'engine/not-running': 0,
  'engine/no-answer': 0,
  'ike/no-answer': 0,
  'ike/peer-deleted': 0,
  // Until an attempt fails: then it does not come up at all.
  'ike/flapping': 0,
  'child/failed': 1,
  'ike/not-authenticated': 1,
  'ike/nat-t-port-blocked': 2,
  'ike/silent-after-init': 2,
  'ike/peer-busy': 2,
  'ike/no-route': 2,
  'ike/output-blocked': 2,
  'ike/name-not-resolved': 2,
  'ike/no-common-proposal': 2,
  'ike/version-1': 2,
  'ike/authentication-refused': 2,
  'child/no-common-proposal': 2,
  'child/rekey-refused': 2,
  'child/selectors-refused': 2,
  'child/selectors-narrowed': 2,
  'ike/wrong-psk': 3,
  'ike/no-psk': 3,
  'ike/no-private-key': 3,
  'ike/wrong-identity': 3,
  'ike/unknown-identity': 3,
  'ike/certificate-untrusted': 3,
  'ike/certificate-wrong-name': 3,
  'ike/certificate-expired': 3,
  'ike/certificate-not-yet-valid': 3,
  'ike/certificate-revoked': 3,
  'ike/certificate-unchecked': 3,
  'ike/certificate-key-usage': 3,
};

/** Of equals the later one says more, and a line that names something more than one that does not. */
export function outranks(later: Diagnosis, earlier: Diagnosis): boolean {
  const [worth, before] = [WORTH[later.code], WORTH[earlier.code]];
  return worth > before || (worth === before && (later.isSpecific || !earlier.isSpecific));
}

/** True also of a tunnel that is up: it will not stay so. */
const WHILE_UP: ReadonlySet<CauseCode> = new Set(['child/rekey-refused', 'ike/flapping']);

export function isTrueWhileUp(code: CauseCode): boolean {
  return WHILE_UP.has(code);
}
