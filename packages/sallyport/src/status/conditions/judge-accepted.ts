import { formatObjectRef, type Problem } from '../../lib/problem.ts';
import { type ObjectGeneration, toVerdict, type Verdict } from './condition.ts';
import { listSome } from './judged.ts';

/** `problems`: of validation; those of other objects are passed over. */
export function judgeAccepted(object: ObjectGeneration, problems: readonly Problem[]): Verdict {
  const name = formatObjectRef(object);
  const own = problems.filter(
    (problem) => problem.object !== undefined && formatObjectRef(problem.object) === name,
  );
  const messages = (severity: Problem['severity']): string[] =>
    own.filter((problem) => problem.severity === severity).map(({ message }) => message);
  const errors = messages('error');
  if (errors.length > 0) return toVerdict('Accepted', 'Invalid', listSome(errors, '; '));
  const missing = messages('waiting');
  if (missing.length > 0) return toVerdict('Accepted', 'ReferenceMissing', listSome(missing, '; '));
  return toVerdict('Accepted', 'Accepted', 'valid, and everything that it names is there');
}
