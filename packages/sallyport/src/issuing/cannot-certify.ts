/** What an authority may certify, asked before anything is made. */
import { obstacles, type Wanted } from '../pki/obstacles.ts';
import type { X509Certificate } from '../pki/x509.ts';

export class CannotCertifyError extends Error {
  constructor(reasons: readonly string[]) {
    super(`the authority cannot certify it: ${reasons.join('; ')}`);
    this.name = 'CannotCertifyError';
  }
}

/** `chain`: of the authority. Throws {@link CannotCertifyError}. */
export function mustBeFreeToIssue(chain: readonly X509Certificate[], wanted: Wanted): void {
  const found = obstacles(chain, wanted, new Date());
  if (found.length > 0) throw new CannotCertifyError(found);
}
