/**
 * Conditions of a declared object, as Kubernetes' `metav1.Condition` has them: what is in effect of it.
 * Plain data.
 */
import {
  CONDITION_REASONS,
  type ConditionStatus,
  type ConditionType,
  type ReasonMeaning,
  type Reasons,
} from './condition-reasons.ts';

export interface Verdict {
  readonly type: ConditionType;
  readonly status: ConditionStatus;
  readonly reason: Reasons[ConditionType];
  /** For a person; without times and counters, so that it changes only with its meaning. */
  readonly message: string;
}

export interface Condition extends Verdict {
  /** Generation of the object that it speaks of; 0: of none yet. */
  readonly observedGeneration: number;
  /** RFC 3339, in whole seconds: when `status` became what it is. */
  readonly lastTransitionTime: string;
}

/** One declared object in one generation. */
export interface ObjectGeneration {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
}

export interface ObjectStatus extends ObjectGeneration {
  readonly conditions: readonly Condition[];
}

/** The status goes with the reason. */
export function toVerdict<T extends ConditionType>(
  type: T,
  reason: Reasons[T],
  message: string,
): Verdict {
  const reasons: Readonly<Record<Reasons[T], ReasonMeaning>> = CONDITION_REASONS[type];
  return { type, status: reasons[reason].status, reason, message };
}

/** `now`: RFC 3339. */
export function toCondition(
  verdict: Verdict,
  observedGeneration: number,
  before: Condition | undefined,
  now: string,
): Condition {
  const lastTransitionTime =
    before?.status === verdict.status ? before.lastTransitionTime : inSeconds(now);
  return { ...verdict, observedGeneration, lastTransitionTime };
}

/** As `metav1.Time` has it. */
export function inSeconds(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z');
}
