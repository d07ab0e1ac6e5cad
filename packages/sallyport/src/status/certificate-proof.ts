/** Whether the other sides have accepted a new certificate of ours: read from plan and report. Pure. */
import type { HostPlan, TunnelPlan } from '../plan/host-plan.ts';
import { type HostReport, isAsWanted, isOff, type TunnelReport } from './host-report.ts';

export interface CertificateInUse {
  readonly namespace: string;
  /** Of the Secret. */
  readonly name: string;
  /** Of the leaf. */
  readonly fingerprint: string;
  /** Names of the tunnels that were up with the one before. */
  readonly wereUp: readonly string[];
}

export interface CertificateProof {
  readonly isProven: boolean;
  /** Tunnels that do not have it and should, with what stops them where that is known. */
  readonly missing: readonly { readonly tunnel: string; readonly cause?: string }[];
}

/** Undefined while the report speaks of another plan. */
export function certificateProof(
  secret: CertificateInUse,
  plan: HostPlan,
  report: HostReport,
): CertificateProof | undefined {
  if (report.wantedRevision !== plan.revision) return undefined;
  const users = tunnelsOf(secret, plan);
  if (users.some(({ auth }) => leafOf(auth) !== secret.fingerprint)) return undefined;
  const reports = new Map(report.tunnels.map((tunnel) => [tunnel.name, tunnel]));
  const has = ({ name }: TunnelPlan): boolean => {
    const { state, certificates } = reports.get(name) ?? {};
    return state === 'up' && certificates?.local?.fingerprint === secret.fingerprint;
  };
  // One that has gone to another host with its address says nothing here.
  const wereUp = users.filter(
    (tunnel) => secret.wereUp.includes(tunnel.name) && !isOff(stateOf(reports, tunnel)),
  );
  const missing = (wereUp.length > 0 ? wereUp : users).filter(
    (tunnel) => !has(tunnel) && (wereUp.length > 0 || !isAsWanted(stateOf(reports, tunnel))),
  );
  return {
    // Of tunnels that were all down, one that comes up has proven it.
    isProven: users.length === 0 || (wereUp.length > 0 ? missing.length === 0 : users.some(has)),
    missing: missing.map((tunnel) => {
      const cause = reports.get(tunnel.name)?.cause?.message;
      const name = `${tunnel.namespace}/${tunnel.connection} ${tunnel.tunnel}`;
      return { tunnel: name, ...(cause === undefined ? {} : { cause }) };
    }),
  };
}

/** Names of the tunnels that are up. */
export function tunnelsUp(report: HostReport | undefined): string[] {
  return (report?.tunnels ?? []).flatMap(({ name, state }) => (state === 'up' ? [name] : []));
}

function leafOf(auth: TunnelPlan['auth']): string | undefined {
  return auth.method === 'certificate' ? auth.leaf?.fingerprint : undefined;
}

function tunnelsOf({ namespace, name }: CertificateInUse, { tunnels }: HostPlan): TunnelPlan[] {
  return tunnels.filter(
    ({ enabled, auth }) =>
      enabled && auth.secret.namespace === namespace && auth.secret.name === name,
  );
}

function stateOf(
  reports: ReadonlyMap<string, TunnelReport>,
  { name }: TunnelPlan,
): TunnelReport['state'] {
  return reports.get(name)?.state ?? 'unknown';
}
