/** Whether certificates are valid, and stay so: of a Secret its own, of a Connection those of the other side. */
import { formatObjectRef } from '../../lib/problem.ts';
import type { CertificateSummary } from '../../model/facts.ts';
import { isExpired, isExpiry } from '../expiry.ts';
import { describeCertificate } from '../format-certificate.ts';
import type { TunnelReport } from '../host-report.ts';
import { type ObjectGeneration, toVerdict, type Verdict } from './condition.ts';
import { listSome, type Share } from './judged.ts';

/** Undefined for an object without certificates. */
export function judgeCertificates(
  object: ObjectGeneration,
  shares: readonly Share[],
): Verdict | undefined {
  const tunnels = shares
    .flatMap((share) => share.tunnels)
    .filter(({ certificates }) => certificates !== undefined);
  if (tunnels.length === 0) return undefined;
  const problems = shares
    .flatMap((share) => share.problems)
    .filter((problem) => isExpiry(problem) && isOf(object, problem.object));
  if (problems.length > 0) {
    const isOver = problems.some(({ code }) => isExpired(code));
    const messages = [...new Set(problems.map(({ message }) => message))];
    return toVerdict(
      'CertificateValid',
      isOver ? 'CertificateExpired' : 'CertificateExpiring',
      listSome(messages, '; '),
    );
  }
  const isOwn = tunnels.some(({ certificates }) => certificates?.secret === object.name);
  if (object.kind === 'Secret' && !isOwn)
    return toVerdict('CertificateValid', 'Valid', 'none of its authorities expires soon');
  const known = tunnels.flatMap((tunnel) => certificateOf(object, tunnel) ?? []);
  if (known.length === 0)
    return toVerdict('CertificateValid', 'NotReadBack', 'the daemon has told of none yet');
  const texts = [...new Set(known.map(describeCertificate))];
  return toVerdict('CertificateValid', 'Valid', listSome(texts, '; '));
}

function isOf(object: ObjectGeneration, ref: Parameters<typeof formatObjectRef>[0] | undefined) {
  return ref !== undefined && formatObjectRef(ref) === formatObjectRef(object);
}

function certificateOf(
  { kind, name }: ObjectGeneration,
  { certificates }: TunnelReport,
): CertificateSummary | undefined {
  if (kind !== 'Secret') return certificates?.remote;
  return certificates?.secret === name ? certificates.local : undefined;
}
