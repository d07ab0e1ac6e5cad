/**
 * Declarations as YAML text -> objects that have the form of their kind, with source positions.
 * Says everything that is wrong at once; an object with a problem is left out and named in `rejected`,
 * so that references to it are not reported as dangling as well.
 */
import type { ObjectRef, Problem } from '../lib/problem.ts';
import { API_VERSION } from './fields.ts';
import { nameHint, nearestName } from './nearest-name.ts';
import { type DeclaredObject, isKind, KINDS, SCHEMAS } from './objects.ts';
import { formatPath, type ParsedObject, positionOf } from './parsed-object.ts';
import { makeProblem } from './problem-at.ts';
import { schemaProblems } from './schema-problems.ts';
import { readYamlDocuments, type SourceText, type YamlDocument } from './yaml-documents.ts';

export type { SourceText } from './yaml-documents.ts';

export interface ParsedInput {
  readonly objects: readonly ParsedObject[];
  /** Objects that were meant but are not well-formed. */
  readonly rejected: readonly ObjectRef[];
  readonly problems: readonly Problem[];
}

/** All files of one input together. */
export function parseYaml(sources: Iterable<SourceText>): ParsedInput {
  const objects: ParsedObject[] = [];
  const rejected: ObjectRef[] = [];
  const problems: Problem[] = [];
  for (const source of sources) {
    const { documents, problems: found } = readYamlDocuments(source);
    problems.push(...found);
    for (const document of documents) {
      const result = parseDocument(document, source.file);
      if (result.object !== undefined) objects.push(result.object);
      if (result.rejected !== undefined) rejected.push(result.rejected);
      problems.push(...result.problems);
    }
  }
  return { objects, rejected, problems };
}

interface ParsedDocument {
  readonly object?: ParsedObject;
  readonly rejected?: ObjectRef;
  readonly problems: readonly Problem[];
}

function parseDocument(document: YamlDocument, file: string): ParsedDocument {
  const { value, positions } = document;
  if (!isMapping(value)) {
    const problem = makeProblem(
      'object/not-a-mapping',
      { source: positions.get('') },
      {
        message: 'this document is not a mapping',
        hint: 'begin it with apiVersion, kind, metadata and spec',
      },
    );
    return { problems: [problem] };
  }
  const kind = value['kind'];
  if (!isKind(kind)) {
    const meant = typeof kind === 'string' ? nearestName(kind, KINDS) : undefined;
    const ref = meant === undefined ? undefined : meantRef(meant, value);
    return { problems: [kindProblem(document, kind)], ...rejectedAs(ref) };
  }
  const ref = meantRef(kind, value);
  const versionProblem = apiVersionProblem(document, value['apiVersion'], ref);
  // Of another version every field may differ: reporting them would only hide the one cause.
  if (versionProblem !== undefined) return { problems: [versionProblem], ...rejectedAs(ref) };
  const schema = SCHEMAS[kind];
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const problems = schemaProblems(schema, parsed.error.issues, value, (path, code) => ({
      object: ref,
      path,
      source:
        (code === 'field/unknown' ? document.keyPositions.get(formatPath(path)) : undefined) ??
        positionOf(positions, path),
    }));
    return { problems, ...rejectedAs(ref) };
  }
  const object: DeclaredObject = parsed.data;
  return { object: { object, file, positions }, problems: [] };
}

function rejectedAs(ref: ObjectRef | undefined): { rejected?: ObjectRef } {
  return ref === undefined ? {} : { rejected: ref };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object a person meant, as far as its name can be read. */
function meantRef(kind: string, value: Readonly<Record<string, unknown>>): ObjectRef | undefined {
  const metadata = value['metadata'];
  if (!isMapping(metadata)) return undefined;
  const { name, namespace = 'default' } = metadata;
  if (typeof name !== 'string' || typeof namespace !== 'string') return undefined;
  return { kind, namespace, name };
}

function kindProblem({ positions }: YamlDocument, kind: unknown): Problem {
  const place = { path: ['kind'], source: positionOf(positions, ['kind']) };
  if (typeof kind !== 'string') {
    return makeProblem('field/missing', place, {
      message: 'is required',
      hint: `use one of: ${KINDS.join(', ')}`,
    });
  }
  return makeProblem('object/unknown-kind', place, {
    message: 'there is no such kind',
    value: kind,
    hint: nameHint(kind, KINDS),
  });
}

function apiVersionProblem(
  { positions }: YamlDocument,
  apiVersion: unknown,
  object: ObjectRef | undefined,
): Problem | undefined {
  if (apiVersion === API_VERSION) return undefined;
  const path = ['apiVersion'];
  const place = { object, path, source: positionOf(positions, path) };
  const hint = `write apiVersion: ${API_VERSION}`;
  if (apiVersion === undefined) {
    return makeProblem('field/missing', place, { message: 'is required', hint });
  }
  const value = typeof apiVersion === 'string' ? apiVersion : undefined;
  return makeProblem('object/unknown-api-version', place, {
    message: 'this release does not read that version',
    value,
    hint,
  });
}
