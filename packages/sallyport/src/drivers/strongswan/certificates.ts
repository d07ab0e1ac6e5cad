/** Which of the certificates that the daemon holds a tunnel is up with. */
import { type CertificateFacts, summaryOf } from '../../model/facts.ts';
import { parseIdentity, provesIdentity } from '../../model/identity.ts';
import type { CertificateAuth, TunnelPlan } from '../../plan/host-plan.ts';
import type { TunnelCertificates } from '../../status/host-report.ts';
import type { ObservedStrongswan } from './state.ts';

type Held = Pick<ObservedStrongswan, 'certificates'>;

/** Whether the daemon holds our leaf with its key; true also where the plan does not know the leaf. */
export function holdsLeaf({ certificates }: Held, { leaf }: CertificateAuth): boolean {
  return leaf === undefined || certificates.get(leaf.fingerprint)?.hasPrivateKey === true;
}

export interface CertificatesLook {
  readonly held: Held;
  /** An SA that was made with older ones still carries packets. */
  readonly isOutdated: boolean;
  /** As the other side has proven it; absent: no SA is up. */
  readonly provenId?: string | undefined;
}

/** Undefined for a tunnel without certificates. */
export function certificatesInUse(
  { auth }: TunnelPlan,
  { held, isOutdated, provenId }: CertificatesLook,
): TunnelCertificates | undefined {
  if (auth.method !== 'certificate') return undefined;
  const local = !isOutdated && holdsLeaf(held, auth) ? auth.leaf : undefined;
  const remote = provenId === undefined ? undefined : youngestOf(held, provenId);
  return {
    secret: auth.secret.name,
    ...(local === undefined ? {} : { local }),
    ...(remote === undefined ? {} : { remote: summaryOf(remote) }),
  };
}

/** charon keeps what peers have shown and does not tell what proved an identity: the youngest that holds it. */
function youngestOf({ certificates }: Held, id: string): CertificateFacts | undefined {
  if (parseIdentity(id).type === 'opaque') return undefined;
  const [youngest] = [...certificates.values()]
    .flatMap(({ hasPrivateKey, facts }) => (hasPrivateKey ? [] : (facts ?? [])))
    .filter((facts) => !facts.isAuthority && provesIdentity(facts, id))
    .sort((a, b) => Date.parse(b.notBefore) - Date.parse(a.notBefore));
  return youngest;
}
