/** Whether somebody else has changed what was in effect. */
import {
  type Condition,
  inSeconds,
  type ObjectGeneration,
  toCondition,
  toVerdict,
} from './condition.ts';
import { listSome, type Share } from './judged.ts';

/** Undefined where nobody has. Of a Connection only what concerns a tunnel of its own. */
export function judgeDrifted(
  object: ObjectGeneration,
  shares: readonly Share[],
  before: Condition | undefined,
  now: string,
): Condition | undefined {
  const standing = shares.flatMap(({ host, names, differences }) =>
    differences
      .filter(({ drifted, tunnel }) => drifted === true && isOwn(object, names, tunnel))
      .map(({ text }) => `${host}: ${text}`),
  );
  if (standing.length > 0) {
    const verdict = toVerdict('Drifted', 'NotRepaired', listSome([...new Set(standing)], '; '));
    return toCondition(verdict, object.generation, before, now);
  }
  const [last] = shares.flatMap(lastDrift(object)).sort((a, b) => (a.at < b.at ? 1 : -1));
  if (last === undefined) return undefined;
  const verdict = toVerdict('Drifted', 'Repaired', last.text);
  const condition = toCondition(verdict, object.generation, before, now);
  if (before?.status === 'True') return condition;
  // It was true for the moment in between.
  const at = inSeconds(last.at);
  const isKnown = before !== undefined && at <= before.lastTransitionTime;
  return isKnown ? condition : { ...condition, lastTransitionTime: at };
}

/** The newest repair, with all that was found with it. */
function lastDrift(object: ObjectGeneration): (share: Share) => { at: string; text: string }[] {
  return ({ host, names, report }) => {
    const own = (report?.drift.last ?? []).filter(({ tunnel }) => isOwn(object, names, tunnel));
    const at = own.at(-1)?.at;
    if (at === undefined) return [];
    const texts = own.filter((entry) => entry.at === at).map(({ text }) => text);
    return [{ at, text: `${host}: ${listSome(texts, '; ')}` }];
  };
}

function isOwn(
  { kind }: ObjectGeneration,
  names: readonly string[],
  tunnel: string | undefined,
): boolean {
  return kind === 'Host' || (tunnel !== undefined && names.includes(tunnel));
}
