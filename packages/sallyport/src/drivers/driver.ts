/**
 * The contract of every driver: whole desired state in, never "add this tunnel". Add before delete,
 * write only on a difference, touch only what carries our mark.
 */
import type { Problem } from '../lib/problem.ts';

export type DriverName = 'kernel' | 'strongswan' | 'frr' | 'keepalived';

/** What a change means for packets: nothing, a make-before-break exchange of SAs, or a gap. */
export type Impact = 'nothing' | 'roll' | 'cut';

/** One step, printable as one line that dry-run, log, API and tests share. Never holds a secret. */
export interface Change {
  readonly driver: DriverName;
  readonly action: 'add' | 'replace' | 'remove';
  /** What is changed, in the field's words: `route 10.2.0.0/24 dev sp1f2e3d4c table 8300`. */
  readonly subject: string;
  /** Why, or which fields differ. */
  readonly detail?: string;
  readonly impact: Impact;
}

export interface FailedChange<C extends Change = Change> {
  readonly change: C;
  /** What was tried, on what, what came back. */
  readonly error: string;
}

/** Says what really holds after `apply`, not what was wished for. */
export interface ApplyReport<C extends Change = Change> {
  readonly done: readonly C[];
  readonly failed: readonly FailedChange<C>[];
}

export interface Driver<Desired, Observed, C extends Change = Change> {
  readonly name: DriverName;
  /** Pure: what this back-end cannot do of the desired state. */
  check(desired: Desired): Problem[];
  /** Read only. */
  observe(signal: AbortSignal): Promise<Observed>;
  /** Pure, deterministic, ordered. Empty when the observed state is the desired one. */
  diff(observed: Observed, desired: Desired): C[];
  /** Idempotent; goes on after a failure. */
  apply(changes: readonly C[], signal: AbortSignal): Promise<ApplyReport<C>>;
  /** Removes everything that carries our mark; works after a crash and needs no memory. */
  cleanUp(signal: AbortSignal): Promise<void>;
}

/** `add route 10.2.0.0/24 dev sp1f2e3d4c table 8300`. */
export function formatChange(change: Change): string {
  return `${change.action} ${change.subject}${change.detail === undefined ? '' : ` (${change.detail})`}`;
}
