/**
 * What comes next in the life of a certificate that is issued for a gateway. A new one is used beside the old until it is
 * proven on every tunnel; where it is not, the old one is used again and the new one is tried later. Pure.
 */
import { type Renewable, renewalTime } from './renewal.ts';

export interface Rotation {
  /** Has been accepted by the other sides, or is the first one. */
  readonly proven: Renewable;
  /** What takes its place. */
  readonly candidate?: Candidate;
}

export interface Candidate {
  readonly certificate: Renewable;
  readonly isInUse: boolean;
  /** RFC 3339: since when it is used, or when it was given up last. */
  readonly since: string;
  /** How often it was given up. */
  readonly failures: number;
}

/** `proven`: all tunnels that count have it; `refused`: for too long some have not; `open`: not known yet. */
export type Proof = 'proven' | 'refused' | 'open';

/**
 * `issue`: make a candidate; `use`: put it in use; `settle`: it is the proven one now; `return`: use the proven one again;
 * `wait`: for the proof; `rest`: nothing before the time that comes with it.
 */
export type Step =
  | { readonly do: 'issue' | 'use' | 'settle' | 'return' | 'wait' }
  | { readonly do: 'rest'; readonly until: Date };

const HOUR_MILLISECONDS = 3_600_000;
const LONGEST_PAUSE_HOURS = 24;

export function nextStep(
  { proven, candidate }: Rotation,
  proof: Proof,
  now: Date,
  renewAfterDays?: number,
): Step {
  if (candidate === undefined) {
    const due = renewalTime(proven, renewAfterDays);
    return due <= now ? { do: 'issue' } : { do: 'rest', until: due };
  }
  const isOver = Date.parse(proven.notAfter) <= now.getTime();
  // While nobody took it, or nobody came.
  const hasGrownOld = renewalTime(candidate.certificate, renewAfterDays) <= now;
  if (candidate.isInUse) {
    if (proof === 'proven') return { do: 'settle' };
    if (hasGrownOld) return { do: 'issue' };
    // What has expired is of no use to anybody.
    return proof === 'refused' && !isOver ? { do: 'return' } : { do: 'wait' };
  }
  if (hasGrownOld) return { do: 'issue' };
  const retry = retryTime(candidate);
  return isOver || retry <= now ? { do: 'use' } : { do: 'rest', until: retry };
}

/** An hour after the first failure, twice as long after each further one, a day at most. */
function retryTime({ since, failures }: Candidate): Date {
  const hours = failures === 0 ? 0 : Math.min(2 ** (failures - 1), LONGEST_PAUSE_HOURS);
  return new Date(Date.parse(since) + hours * HOUR_MILLISECONDS);
}
