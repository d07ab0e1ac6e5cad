/** Translates the issues of a zod schema into problems that a person can act on. */
import type { z } from 'zod';
import type { Problem } from '../lib/problem.ts';
import { nameHint, nearestName } from './nearest-name.ts';
import { type FieldPath, formatPath } from './parsed-object.ts';
import { makeProblem, type ProblemDetails, type ProblemPlace } from './problem-at.ts';
import { PROBLEM_CODES, type ProblemCode } from './problem-codes.ts';
import { fieldsAt } from './schema-fields.ts';

export interface FieldIssue {
  readonly path: FieldPath;
  readonly code: ProblemCode;
  readonly details: ProblemDetails;
}

/** Where each issue stands, and whether its value may be shown. */
export type PlaceOf = (path: FieldPath, code: ProblemCode) => ProblemPlace;

export function schemaProblems(
  schema: z.core.$ZodType,
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  placeOf: PlaceOf,
): Problem[] {
  const found = issues.flatMap((issue) => translate(schema, issue, [], input));
  const misspelt = new Set(found.flatMap((issue) => meantBy(schema, issue)));
  return found
    .filter(({ path, code }) => code !== 'field/missing' || !misspelt.has(formatPath(path)))
    .map(({ path, code, details }) => {
      const { value, ...others } = details;
      const shown = mayShow(path) ? value : undefined;
      return makeProblem(code, placeOf(path, code), { ...others, value: shown });
    });
}

/** The field that was meant by a misspelt one: that it is missing follows from that. */
function meantBy(schema: z.core.$ZodType, { path, code }: FieldIssue): string[] {
  const key = path.at(-1);
  if (code !== 'field/unknown' || key === undefined) return [];
  const parent = path.slice(0, -1);
  const meant = nearestName(String(key), fieldsAt(schema, parent));
  return meant === undefined ? [] : [formatPath([...parent, meant])];
}

/**
 * A key pasted where the name of a secret belongs must not come back in a message: below `auth` and
 * in the `spec` of a Secret no value is shown, and of a `password` neither.
 */
function mayShow(path: FieldPath): boolean {
  return !path.some((step) => SECRET_PLACES.has(step));
}

const SECRET_PLACES: ReadonlySet<string | number> = new Set([
  'auth',
  'psk',
  'pem',
  'pkcs12',
  'authority',
  'password',
]);

function translate(
  schema: z.core.$ZodType,
  issue: z.core.$ZodIssue,
  prefix: FieldPath,
  input: unknown,
): FieldIssue[] {
  const path = [...prefix, ...issue.path.map(toStep)];
  const found = valueAt(input, path);
  const one = (code: ProblemCode, message: string, hint?: string): FieldIssue[] => [
    {
      path,
      code,
      details: { message, hint, value: found === undefined ? undefined : show(found) },
    },
  ];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownField(schema, path, key));
    case 'invalid_type':
      if (found === undefined) return one('field/missing', 'is required', missingHint(path));
      return one(
        'field/wrong-type',
        `must be ${typeName(issue.expected)}, not ${kindOf(found)}`,
        wrongTypeHint(schema, path, issue.expected, found),
      );
    case 'invalid_value':
      return found === undefined
        ? one('field/missing', 'is required', `use one of: ${issue.values.map(String).join(', ')}`)
        : one('field/not-allowed', 'is not an allowed value', allowedHint(found, issue.values));
    case 'invalid_union':
      return translateUnion(schema, issue, path, input);
    case 'too_small':
    case 'too_big':
      return one('field/out-of-range', limitMessage(issue));
    case 'custom':
      return one(codeOf(issue.params), issue.message, textOf(issue.params, 'hint'));
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues.flatMap((inner) => translate(schema, inner, path, input));
    case 'invalid_format':
    case 'not_multiple_of':
      return one('field/malformed', issue.message);
  }
}

/** Takes the alternative whose type the value has; where it has none, says what all of them want. */
function translateUnion(
  schema: z.core.$ZodType,
  issue: z.core.$ZodIssueInvalidUnion,
  path: FieldPath,
  input: unknown,
): FieldIssue[] {
  const found = valueAt(input, path);
  const atTop = (inner: z.core.$ZodIssue): boolean =>
    inner.path.length === 0 && (inner.code === 'invalid_type' || inner.code === 'invalid_value');
  const fitting = issue.errors.find((branch) => branch.length > 0 && !branch.some(atTop));
  if (fitting !== undefined) {
    return fitting.flatMap((inner) => translate(schema, inner, path, input));
  }
  const wanted = issue.errors.flat().filter(atTop).map(wantedBy);
  const message = `must be ${wanted.join(' or ')}`;
  const code = found === undefined ? 'field/missing' : 'field/wrong-type';
  return [
    { path, code, details: { message, value: found === undefined ? undefined : show(found) } },
  ];
}

function wantedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return typeName(issue.expected);
  if (issue.code === 'invalid_value')
    return issue.values.map((value) => `"${String(value)}"`).join(', ');
  return issue.message;
}

function unknownField(schema: z.core.$ZodType, path: FieldPath, key: string): FieldIssue {
  const known = fieldsAt(schema, path);
  return {
    path: [...path, key],
    code: 'field/unknown',
    details: { message: `there is no field "${shortKey(key)}" here`, hint: nameHint(key, known) },
  };
}

function shortKey(key: string): string {
  return key.length <= 40 ? key : `${key.slice(0, 39)}…`;
}

function missingHint(path: FieldPath): string | undefined {
  const field = path.at(-1);
  return typeof field === 'string' ? `add ${field}` : undefined;
}

function wrongTypeHint(
  schema: z.core.$ZodType,
  path: FieldPath,
  expected: string,
  found: unknown,
): string | undefined {
  switch (expected) {
    case 'object': {
      const fields = fieldsAt(schema, path);
      return fields.length === 0 ? undefined : `write a mapping with ${fields.join(', ')}`;
    }
    case 'number':
    case 'int':
      return path.at(-1) === 'asn' ? asnHint(found) : quotedHint(found);
    default:
      return path.at(-1) === 'password' ? 'write the name of a Secret' : undefined;
  }
}

function quotedHint(found: unknown): string | undefined {
  return typeof found === 'string' && /^\d+$/.test(found) ? 'remove the quotes' : undefined;
}

/** As people write it: `AS64512`, or `1.10` (RFC 5396), of which YAML makes 1.1. */
function asnHint(found: unknown): string | undefined {
  const [, high, low] = /^(?:AS ?)?(?:(\d+)\.)?(\d+)$/i.exec(String(found)) ?? [];
  if (low === undefined) return undefined;
  if (typeof found === 'number')
    return 'write it as one number: HIGH.LOW is HIGH x 65536 + LOW, so that 1.10 is 65546';
  return (
    quotedHint(found) ?? `write ${high === undefined ? low : Number(high) * 65_536 + Number(low)}`
  );
}

function allowedHint(found: unknown, values: readonly unknown[]): string {
  const known = values.map(String);
  const nearest = typeof found === 'string' ? nearestName(found, known) : undefined;
  return nearest === undefined ? `use one of: ${known.join(', ')}` : `did you mean "${nearest}"?`;
}

function limitMessage(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const [word, limit] =
    issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
  const size = String(limit);
  switch (issue.origin) {
    case 'string':
      return `must have ${word} ${size} character${limit === 1 ? '' : 's'}`;
    case 'array':
      return `must have ${word} ${size} ${limit === 1 ? 'entry' : 'entries'}`;
    default:
      return `must be ${word} ${size}`;
  }
}

function codeOf(params: Record<string, unknown> | undefined): ProblemCode {
  const code = textOf(params, 'code');
  return code !== undefined && isProblemCode(code) ? code : 'field/malformed';
}

function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(PROBLEM_CODES, text);
}

function textOf(params: Record<string, unknown> | undefined, key: string): string | undefined {
  const value = params?.[key];
  return typeof value === 'string' ? value : undefined;
}

function toStep(step: PropertyKey): string | number {
  return typeof step === 'number' ? step : String(step);
}

function valueAt(input: unknown, path: FieldPath): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[step];
  }
  return value;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
};

function typeName(expected: string): string {
  return TYPE_NAMES[expected] ?? expected;
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (Number.isInteger(value)) return 'a number';
  if (typeof value === 'number') return 'a fraction';
  return TYPE_NAMES[typeof value] ?? typeof value;
}

/** Scalars as written; of lists and mappings nothing, their fields are reported themselves. */
function show(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    default:
      return undefined;
  }
}
