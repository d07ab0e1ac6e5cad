/** Certificates and revocation lists that end soon, told long before a tunnel does. Pure. */
import type { Problem } from '../lib/problem.ts';
import type { RevocationListFacts } from '../model/facts.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import type { Expiry, SecretUse } from '../plan/secret-reference.ts';
import { secretUses } from '../plan/secret-uses.ts';
import type { TunnelReport } from './host-report.ts';

const DAY_MILLISECONDS = 86_400_000;

interface Level {
  readonly days: number;
  readonly own: string;
  readonly peer: string;
  readonly words: string;
}

/** The nearest comes first. Each is a problem of its own, so that each is an event. */
const LEVELS: readonly Level[] = [
  {
    ...{ days: 0, words: 'has expired' },
    own: 'agent/certificate-expired',
    peer: 'agent/peer-certificate-expired',
  },
  {
    ...{ days: 1, words: 'expires within a day' },
    own: 'agent/certificate-expires-in-1-day',
    peer: 'agent/peer-certificate-expires-in-1-day',
  },
  {
    ...{ days: 7, words: 'expires within 7 days' },
    own: 'agent/certificate-expires-in-7-days',
    peer: 'agent/peer-certificate-expires-in-7-days',
  },
  {
    ...{ days: 14, words: 'expires within 14 days' },
    own: 'agent/certificate-expires-in-14-days',
    peer: 'agent/peer-certificate-expires-in-14-days',
  },
  {
    ...{ days: 30, words: 'expires within 30 days' },
    own: 'agent/certificate-expires-in-30-days',
    peer: 'agent/peer-certificate-expires-in-30-days',
  },
];

/** Among the codes of this file. */
export function isExpired(code: string): boolean {
  return LEVELS.some(({ days, own, peer }) => days === 0 && (code === own || code === peer));
}

/** Whether the problem is one of this file. */
export function isExpiry({ code }: Problem): boolean {
  return LEVELS.some(({ own, peer }) => code === own || code === peer);
}

/** One warning for each Secret of enabled tunnels; `now`: RFC 3339. Whether a tunnel suffers, the tunnel tells. */
export function expiryProblems(plan: Pick<HostPlan, 'tunnels'>, now: string): Problem[] {
  return [...secretUses(plan).values()]
    .flatMap((use) => [
      ownProblem(use, now),
      ...(use.revocationLists ?? []).map((list) => listProblem(use, list, Date.parse(now))),
    ])
    .filter((problem) => problem !== undefined);
}

/** One warning for each certificate that the other sides of enabled tunnels have shown, by Connection. */
export function peerExpiryProblems(tunnels: readonly TunnelReport[], now: string): Problem[] {
  const shown = tunnels.flatMap(({ namespace, connection, state, certificates }) => {
    const remote = certificates?.remote;
    if (remote === undefined || state === 'disabled') return [];
    const object = { kind: 'Connection', namespace, name: connection };
    return [[`${namespace}/${connection} ${remote.fingerprint}`, { object, remote }] as const];
  });
  return [...new Map(shown).values()].flatMap(({ object, remote }) => {
    const level = levelOf(remote, now);
    if (level === undefined) return [];
    return {
      code: level.peer,
      severity: 'warning' as const,
      object,
      message: `the certificate of the other side, ${remote.subject} with serial ${remote.serial}, ${level.words}: valid until ${remote.notAfter}`,
      hint: 'ask the other side to renew it',
    };
  });
}

function ownProblem({ namespace, name, expires }: SecretUse, now: string): Problem | undefined {
  const level = expires === undefined ? undefined : levelOf(expires, now);
  if (expires === undefined || level === undefined) return undefined;
  return {
    code: level.own,
    severity: 'warning',
    object: { kind: 'Secret', namespace, name },
    message: `the certificate ${expires.subject} ${level.words}: valid until ${expires.notAfter}`,
    hint: 'renew it, put the new files in place of the old ones, and apply',
  };
}

function levelOf({ notAfter }: Pick<Expiry, 'notAfter'>, now: string): Level | undefined {
  const left = Date.parse(notAfter) - Date.parse(now);
  return LEVELS.find(({ days }) => left <= days * DAY_MILLISECONDS);
}

/** An authority makes the next list before the last is over: once a quarter of its time is left, or a day, it is late. */
function listProblem(
  { namespace, name }: SecretUse,
  { issuer, thisUpdate, nextUpdate }: RevocationListFacts,
  now: number,
): Problem | undefined {
  if (nextUpdate === undefined) return undefined;
  const end = Date.parse(nextUpdate);
  const warned = Math.min(DAY_MILLISECONDS, (end - Date.parse(thisUpdate)) / 4);
  if (end - now > warned) return undefined;
  const isOver = end <= now;
  return {
    code: isOver ? 'agent/revocation-list-over' : 'agent/revocation-list-ends',
    severity: 'warning',
    object: { kind: 'Secret', namespace, name },
    message: `the revocation list of ${issuer} ${isOver ? 'is over: it was valid' : 'is over soon: it is valid'} until ${nextUpdate}`,
    hint: 'get the present list of this authority, put it in place of the old one, and apply',
  };
}
