/** Makes a `Problem` of a table code, placed at a field of a declared object. */
import type { ObjectRef, Problem, Severity, SourcePosition } from '../lib/problem.ts';
import { refOf } from './objects.ts';
import { type FieldPath, formatPath, type ParsedObject, positionOf } from './parsed-object.ts';
import { PROBLEM_CODES, type ProblemCode } from './problem-codes.ts';

export interface ProblemDetails {
  readonly message: string;
  readonly hint?: string | undefined;
  /** Never secret material; cut when long. */
  readonly value?: string | undefined;
  /** Absent: the one of the table. */
  readonly severity?: Severity;
}

export interface ProblemPlace {
  readonly object?: ObjectRef | undefined;
  /** Empty or absent: the object as a whole. */
  readonly path?: FieldPath;
  readonly source?: SourcePosition | undefined;
}

const LONGEST_VALUE = 80;

export function makeProblem(
  code: ProblemCode,
  place: ProblemPlace,
  details: ProblemDetails,
): Problem {
  const { object, path, source } = place;
  const { message, hint, value } = details;
  return {
    code,
    severity: details.severity ?? PROBLEM_CODES[code].severity,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(object === undefined ? {} : { object }),
    ...(path === undefined || path.length === 0 ? {} : { path: formatPath(path) }),
    ...(value === undefined ? {} : { value: shorten(value) }),
    ...(source === undefined ? {} : { source }),
  };
}

export function problemAt(
  parsed: ParsedObject,
  path: FieldPath,
  code: ProblemCode,
  details: ProblemDetails,
): Problem {
  const source = positionOf(parsed.positions, path);
  return makeProblem(code, { object: refOf(parsed.object), path, source }, details);
}

function shorten(value: string): string {
  return value.length <= LONGEST_VALUE ? value : `${value.slice(0, LONGEST_VALUE - 1)}…`;
}
