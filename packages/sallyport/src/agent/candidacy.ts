/**
 * Whether this host stands for addresses that bring their tunnels with them. Who does not hold them cannot prove such a tunnel, and is
 * presumed to be able to: unless it has held them and nothing got through. Then not before some time, which
 * doubles with each failure, or the address would go back and forth before a dead peer. Pure: times are milliseconds
 * of any steady clock.
 */
import { backoffMilliseconds } from '../lib/backoff.ts';

export interface Candidacy {
  /** Since when it holds the addresses, and nothing gets through; absent: it does not, or something does. */
  readonly badSince?: number;
  /** Something has got through since its tunnels came up. */
  readonly isProven: boolean;
  readonly failures: number;
  /** Not to be presumed before. */
  readonly until: number;
}

export const NEW_CANDIDACY: Candidacy = {
  isProven: false,
  failures: 0,
  until: Number.NEGATIVE_INFINITY,
};

export interface CandidacyLook {
  /** This host holds the addresses. */
  readonly isHolder: boolean;
  /** One of the tunnels has its SAs. */
  readonly isUp: boolean;
  /** Nothing has been found against one of them. */
  readonly isGood: boolean;
  readonly now: number;
  /** In [0, 1): spreads the next try. */
  readonly random: number;
}

/** A handshake of which packets get lost, and the first answers of probes. */
const BRING_UP_MILLISECONDS = 10_000;
const BACKOFF = { baseMilliseconds: 60_000, maxMilliseconds: 1_800_000 };

export function nextCandidacy(before: Candidacy, look: CandidacyLook): Candidacy {
  const { isHolder, isUp, isGood, now, random } = look;
  const { failures, until } = before;
  if (!isHolder || isGood) return { isProven: isHolder, failures, until };
  const badSince = before.badSince ?? now;
  const isProven = before.isProven && isUp;
  const isBad = isProven || now - badSince >= BRING_UP_MILLISECONDS;
  if (!isBad || now < until) return { badSince, isProven, failures, until };
  const isCalm = now - until > BACKOFF.maxMilliseconds;
  const count = isCalm ? 1 : failures + 1;
  const next = now + backoffMilliseconds(count, random, BACKOFF);
  return { badSince, isProven, failures: count, until: next };
}

/** After a look: nothing speaks against the host now. */
export function isPresumed({ until }: Candidacy, now: number): boolean {
  return now >= until;
}
