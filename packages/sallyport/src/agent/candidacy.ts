/**
 * Whether this host stands for addresses that bring their tunnels with them. Who does not hold them cannot prove such a tunnel, and is
 * presumed to be able to: unless it has held them and nothing got through. Then not before some time, which
 * doubles with each failure, or the address would go back and forth before a dead peer. Pure: times are milliseconds
 * of any steady clock.
 */
import { backoffMilliseconds } from '../lib/backoff.ts';

export interface Candidacy {
  /** Since when it holds the addresses and nothing gets through; absent: it does not, or something does. */
  readonly waitingSince?: number;
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

/**
 * What is known of the best of its tunnels. `good`: something answers, or nothing is asked. `early`: its SAs are up, and it is
 * too early to say more, or nothing can be asked. `silent`: nothing answers. `down`: it has no SAs.
 */
export type Passage = 'good' | 'early' | 'silent' | 'down';

export interface CandidacyLook {
  /** This host holds the addresses. */
  readonly isHolder: boolean;
  readonly passage: Passage;
  readonly now: number;
  /** In [0, 1): spreads the next try. */
  readonly random: number;
}

/** `proven`: it holds the addresses, and something gets through. `failed`: it is somebody else's turn. */
export type Standing = 'proven' | 'presumed' | 'failed';

/** A handshake of which packets get lost, and the first answers of probes. */
const BRING_UP_MILLISECONDS = 10_000;
/** Jitter covers the upper half: the first time is a minute or two. */
const BACKOFF = { baseMilliseconds: 120_000, maxMilliseconds: 1_800_000 };

export function nextCandidacy(before: Candidacy, look: CandidacyLook): Candidacy {
  const { isHolder, passage, now, random } = look;
  const { failures, until } = before;
  if (!isHolder) return { isProven: false, failures, until };
  const waitingSince = before.waitingSince ?? now;
  const isLate = now - waitingSince >= BRING_UP_MILLISECONDS;
  const standing = standingOf(before, now);
  // Where nothing can be asked, nothing will ever answer.
  const isAllowed = standing === 'proven' || (standing === 'presumed' && isLate);
  if (passage === 'good' || (passage === 'early' && isAllowed))
    return { isProven: true, failures, until: Math.min(until, now) };
  const isProven = before.isProven && passage !== 'down';
  const isBad = isProven || isLate;
  if (!isBad || now < until) return { waitingSince, isProven, failures, until };
  const isCalm = now - until > BACKOFF.maxMilliseconds;
  const count = isCalm ? 1 : failures + 1;
  const next = now + backoffMilliseconds(count, random, BACKOFF);
  return { waitingSince, isProven, failures: count, until: next };
}

/** After a look. */
export function standingOf({ isProven, waitingSince, until }: Candidacy, now: number): Standing {
  if (isProven && waitingSince === undefined) return 'proven';
  return now >= until ? 'presumed' : 'failed';
}

/** When time alone changes how it stands; undefined: it does not. */
export function nextLookAt({ waitingSince, until }: Candidacy, now: number): number | undefined {
  if (now < until) return until;
  return waitingSince === undefined ? undefined : waitingSince + BRING_UP_MILLISECONDS;
}
