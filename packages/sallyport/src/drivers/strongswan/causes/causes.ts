/** Diagnoses in words, with the names, addresses and values of the tunnel. */
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import type { Cause } from '../../../status/host-report.ts';
import { CAUSES } from './cause-texts.ts';
import type { Diagnosis } from './diagnosis.ts';

/** The cause in words. `at` is an RFC 3339 time. */
export function toCause(
  { code, named }: Pick<Diagnosis, 'code' | 'named'>,
  tunnel: TunnelPlan,
  at: string,
): Cause {
  const { message, told, hint } = CAUSES[code];
  const fill = (text: string): string =>
    text.replaceAll(/\{([a-z0-9-]+)\}/g, (_whole, name: string) => nameOf(name, named, tunnel));
  const isTold = told !== undefined && namesIn(told).every((n) => named[n - 1] !== undefined);
  return { code, message: fill(isTold ? told : message), hint: fill(hint), at };
}

function acceptedBy({ auth }: TunnelPlan): string {
  const names = auth.method === 'certificate' ? auth.peerAuthorityNames : undefined;
  return names?.join(' or ') ?? 'the authority in auth.certificate.peerAuthority';
}

/** Numbers of what a line must have named for this sentence. */
function namesIn(text: string): number[] {
  return [...text.matchAll(/\{(\d)\}/g)].map(([, n]) => Number(n));
}

function nameOf(name: string, named: readonly string[], tunnel: TunnelPlan): string {
  switch (name) {
    case 'peer':
      return tunnel.remoteAddress ?? 'the other side';
    case 'local-address':
      return tunnel.localAddress ?? 'this host';
    case 'local-id':
      return tunnel.localId;
    case 'remote-id':
      return tunnel.remoteId;
    case 'ike':
      return tunnel.ikeProposals.join(', ');
    case 'esp':
      return tunnel.espProposals.join(', ');
    case 'authorities':
      return acceptedBy(tunnel);
    case 'selectors':
      return tunnel.children
        .map(
          (child) => `${child.localSelectors.join(', ')} <-> ${child.remoteSelectors.join(', ')}`,
        )
        .join('; ');
    default:
      return named[Number(name) - 1] || 'the other side';
  }
}
