/**
 * Wrong input as data. Validation and planning never throw for what a person wrote: they return
 * every problem at once, and each one says where it is, what is wrong and what to do.
 */

/** Names one declared object. `namespace` is the tenant boundary. */
export interface ObjectRef {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Place in the file a person wrote; lines and columns count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** `error` refuses the whole input; `waiting` may yet come right; `warning` is only said. */
export type Severity = 'error' | 'waiting' | 'warning';

export interface Problem {
  /** Stable text such as `connection/unknown-gateway`; documented in `docs/reference/problems.md`. */
  readonly code: string;
  readonly severity: Severity;
  /** One sentence, no trailing full stop, without the hint. */
  readonly message: string;
  /** The way out, as an instruction. */
  readonly hint?: string;
  readonly object?: ObjectRef;
  /** Field path inside the object, for example `spec.tunnels[0].remote.address`. */
  readonly path?: string;
  /** The offending value as a person would write it; never secret material. */
  readonly value?: string;
  readonly source?: SourcePosition;
}

export function isBlocking(problem: Problem): boolean {
  return problem.severity === 'error';
}

/** `Connection default/partner-a`, the way every message names an object. */
export function formatObjectRef(ref: ObjectRef): string {
  return `${ref.kind} ${ref.namespace}/${ref.name}`;
}

/** One line for people: position, object, field, message, value, hint. */
export function formatProblem(problem: Problem): string {
  const place = problem.source
    ? `${problem.source.file}:${problem.source.line}:${problem.source.column}: `
    : '';
  const subject = [problem.object && formatObjectRef(problem.object), problem.path]
    .filter((part) => part !== undefined)
    .join(' ');
  const value = problem.value === undefined ? '' : ` (${problem.value})`;
  const hint = problem.hint === undefined ? '' : `; ${problem.hint}`;
  return `${place}${problem.severity}: ${subject ? `${subject}: ` : ''}${problem.message}${value}${hint} [${problem.code}]`;
}
