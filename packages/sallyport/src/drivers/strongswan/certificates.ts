/** Which of the certificates that the daemon holds a tunnel is up with. */
import { once } from '../../lib/once.ts';
import { type CertificateFacts, summaryOf } from '../../model/facts.ts';
import { parseIdentity, provesIdentity } from '../../model/identity.ts';
import type { CertificateAuth } from '../../plan/host-plan.ts';
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

export function certificatesInUse(
  auth: CertificateAuth,
  { held, isOutdated, provenId }: CertificatesLook,
): TunnelCertificates {
  const local = !isOutdated && holdsLeaf(held, auth) ? auth.leaf : undefined;
  const remote = provenId === undefined ? undefined : youngestOf(held, provenId);
  return {
    secret: auth.secret.name,
    ...(local === undefined ? {} : { local }),
    ...(remote === undefined ? {} : { remote: summaryOf(remote) }),
  };
}

/** Of one listing, which every tunnel is held against. */
interface Shown {
  /** The youngest first. */
  readonly certificates: readonly CertificateFacts[];
  /** Found by identity. */
  readonly found: Map<string, CertificateFacts | undefined>;
}

const shownIn = new WeakMap<Held['certificates'], Shown>();

/** charon keeps what peers have shown and does not tell what proved an identity: the youngest that holds it. */
function youngestOf({ certificates: held }: Held, id: string): CertificateFacts | undefined {
  if (parseIdentity(id).type === 'opaque') return undefined;
  const { certificates, found } = once(shownIn, held, toShown);
  if (!found.has(id))
    found.set(
      id,
      certificates.find((facts) => provesIdentity(facts, id)),
    );
  return found.get(id);
}

function toShown(held: Held['certificates']): Shown {
  const certificates = [...held.values()]
    .flatMap(({ hasPrivateKey, facts }) => (hasPrivateKey ? [] : (facts ?? [])))
    .filter(({ isAuthority }) => !isAuthority)
    .sort(
      (a, b) =>
        Date.parse(b.notBefore) - Date.parse(a.notBefore) ||
        // Certificates of one young authority begin with it.
        Date.parse(b.notAfter) - Date.parse(a.notAfter),
    );
  return { certificates, found: new Map() };
}
