/** Certificates that end soon, told long before a tunnel does. Pure. */
import type { Problem } from '../lib/problem.ts';
import type { HostPlan, SecretUse } from '../plan/host-plan.ts';

const DAY_MILLISECONDS = 86_400_000;

/** The nearest comes first. Each is a problem of its own, so that each is an event. */
const LEVELS = [
  { days: 0, code: 'agent/certificate-expired', words: 'has expired' },
  { days: 1, code: 'agent/certificate-expires-in-1-day', words: 'expires within a day' },
  { days: 7, code: 'agent/certificate-expires-in-7-days', words: 'expires within 7 days' },
  { days: 14, code: 'agent/certificate-expires-in-14-days', words: 'expires within 14 days' },
  { days: 30, code: 'agent/certificate-expires-in-30-days', words: 'expires within 30 days' },
] as const;

/** One warning for each Secret of enabled tunnels; `now`: RFC 3339. Whether a tunnel suffers, the tunnel tells. */
export function expiryProblems({ tunnels }: Pick<HostPlan, 'tunnels'>, now: string): Problem[] {
  const uses = tunnels
    .filter(({ enabled }) => enabled)
    .flatMap(({ auth }) => (auth.method === 'psk' ? [] : [auth.secret, auth.peerAuthority]));
  const secrets = new Map(uses.map((use) => [`${use.namespace}/${use.name}`, use]));
  return [...secrets.values()].flatMap((use) => expiryProblem(use, Date.parse(now)) ?? []);
}

function expiryProblem({ namespace, name, expires }: SecretUse, now: number): Problem | undefined {
  if (expires === undefined) return undefined;
  const left = Date.parse(expires.notAfter) - now;
  const level = LEVELS.find(({ days }) => left <= days * DAY_MILLISECONDS);
  if (level === undefined) return undefined;
  return {
    code: level.code,
    severity: 'warning',
    object: { kind: 'Secret', namespace, name },
    message: `the certificate ${expires.subject} ${level.words}: valid until ${expires.notAfter}`,
    hint: 'renew it, put the new files in place of the old ones, and apply',
  };
}
