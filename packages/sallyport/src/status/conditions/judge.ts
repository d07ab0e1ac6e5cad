/**
 * From what hosts report to the conditions of declared objects. Pure; one call judges all objects, on one
 * host or on many.
 */
import { formatObjectRef, type Problem } from '../../lib/problem.ts';
import {
  type Condition,
  type ObjectGeneration,
  type ObjectStatus,
  toCondition,
  type Verdict,
} from './condition.ts';
import type { ConditionType } from './condition-reasons.ts';
import { judgeAccepted } from './judge-accepted.ts';
import { judgeCertificates } from './judge-certificates.ts';
import { judgeDrifted } from './judge-drifted.ts';
import { judgeEstablished } from './judge-established.ts';
import { judgeHealthy } from './judge-healthy.ts';
import { judgeProgrammed } from './judge-programmed.ts';
import { indexShares, type JudgedHost, type Share } from './judged.ts';

export interface JudgeInput {
  readonly objects: readonly ObjectGeneration[];
  readonly hosts: readonly JudgedHost[];
  /** Of validation. */
  readonly problems: readonly Problem[];
  /** As they were judged last: conditions keep the time at which they began to hold. */
  readonly previous: readonly ObjectStatus[];
  /** RFC 3339. */
  readonly now: string;
}

/** In the order of `objects`. */
export function judgeObjects(input: JudgeInput): ObjectStatus[] {
  const shares = indexShares(input.hosts);
  const previous = new Map(input.previous.map((status) => [formatObjectRef(status), status]));
  return input.objects.map(({ kind, namespace, name, generation }) => {
    const object = { kind, namespace, name, generation };
    const key = formatObjectRef(object);
    const before = previous.get(key)?.conditions ?? [];
    return { ...object, conditions: judgeObject(object, shares.get(key) ?? [], before, input) };
  });
}

function judgeObject(
  object: ObjectGeneration,
  shares: readonly Share[],
  previous: readonly Condition[],
  { problems, now }: JudgeInput,
): Condition[] {
  const before = (type: ConditionType): Condition | undefined =>
    previous.find((condition) => condition.type === type);
  const { kind, generation } = object;
  const complete = (verdict: Verdict, observed: number): Condition =>
    toCondition(verdict, observed, before(verdict.type), now);
  const conditions = [
    complete(judgeAccepted(object, problems), generation),
    complete(judgeProgrammed(object, shares), generation),
  ];
  const ofCertificates =
    kind === 'Secret' || kind === 'Connection' ? judgeCertificates(object, shares) : undefined;
  const certificates = ofCertificates === undefined ? [] : [complete(ofCertificates, generation)];
  if (kind === 'CryptoPolicy' || kind === 'Secret') return [...conditions, ...certificates];
  const established = judgeEstablished(shares);
  const observed =
    shares.length === 0 ? generation : observedGeneration(shares, before('Established'));
  conditions.push(complete(established, observed));
  if (kind === 'Connection')
    conditions.push(
      complete(judgeHealthy(shares, established, before('Healthy')), observed),
      ...certificates,
    );
  const drifted =
    kind === 'Gateway' ? undefined : judgeDrifted(object, shares, before('Drifted'), now);
  return drifted === undefined ? conditions : [...conditions, drifted];
}

/** The oldest generation that SAs speak of. A host that has not taken its plan says nothing of it. */
function observedGeneration(shares: readonly Share[], before: Condition | undefined): number {
  const generations = shares.map((share) =>
    share.isCurrent ? share.generation : (before?.observedGeneration ?? 0),
  );
  return Math.min(...generations);
}
