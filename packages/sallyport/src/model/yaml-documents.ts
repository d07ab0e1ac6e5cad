/** YAML text -> plain values with the position of every node. Knows nothing of kinds and fields. */
import {
  CST,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  Lexer,
  LineCounter,
  type Node,
  parseAllDocuments,
  type YAMLError,
} from 'yaml';
import type { Problem, SourcePosition } from '../lib/problem.ts';
import { type FieldPath, formatPath } from './parsed-object.ts';
import { makeProblem } from './problem-at.ts';

/** Text of one file (or of standard input) with the name it is reported under. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
}

export interface YamlDocument {
  readonly value: unknown;
  /** Of values by formatted field path, `''` for the root. */
  readonly positions: ReadonlyMap<string, SourcePosition>;
  /** Of the keys, which is where an unknown field is shown. */
  readonly keyPositions: ReadonlyMap<string, SourcePosition>;
}

export interface YamlResult {
  readonly documents: readonly YamlDocument[];
  readonly problems: readonly Problem[];
}

export const LARGEST_TEXT_BYTES: number = 8 * 1024 * 1024;
/** How often aliases may be unfolded in one document; honest files use a handful. */
const MOST_ALIASES = 100;
/** A declaration of a connection has about 150; above this a file needs gigabytes of memory. */
const MOST_TOKENS = 1_000_000;
/** One slip can upset a whole file; after so many errors the first ones are what to read. */
const MOST_ERRORS = 20;
/** Declarations are seven levels deep. */
const DEEPEST = 64;

export function readYamlDocuments({ file, text }: SourceText): YamlResult {
  // UTF-16 units are at most the bytes of UTF-8, so this never lets a larger file through by much.
  if (text.length > LARGEST_TEXT_BYTES) {
    return failed(file, 'yaml/too-large', 'the file is larger than 8 MiB', 'split it into several');
  }
  const lines = new LineCounter();
  const place: Place = { file, lines };
  const excess = excessOf({ file, text });
  if (excess !== undefined) return excess;
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const documents: YamlDocument[] = [];
  const problems: Problem[] = [];
  for (const document of parsed) {
    problems.push(...worthTelling(document.errors).map((error) => syntaxProblem(error, place)));
    if (document.errors.length > 0) continue;
    const read = readDocument(document, place);
    if ('code' in read) problems.push(read);
    else if (read.value !== null) documents.push(read);
  }
  return { documents, problems };
}

interface Place {
  readonly file: string;
  readonly lines: LineCounter;
}

const tooDeep = `values are nested more than ${String(DEEPEST)} levels deep`;

function failed(
  file: string,
  code: 'yaml/too-large' | 'yaml/too-deep',
  message: string,
  hint?: string,
): YamlResult {
  const source = { file, line: 1, column: 1 };
  return { documents: [], problems: [makeProblem(code, { source }, { message, hint })] };
}

/**
 * Refuses what would cost the parser gigabytes, by a pass over the tokens only: 8 MiB of `[` or of
 * one-letter list entries are small files but large trees.
 */
function excessOf({ file, text }: SourceText): YamlResult | undefined {
  let tokens = 0;
  let flowDepth = 0;
  let entriesInLine = 0;
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > MOST_TOKENS) {
      return failed(
        file,
        'yaml/too-large',
        'the file holds too many values',
        'split it into several',
      );
    }
    switch (CST.tokenType(token)) {
      case 'flow-map-start':
      case 'flow-seq-start':
        flowDepth += 1;
        break;
      case 'flow-map-end':
      case 'flow-seq-end':
        flowDepth -= 1;
        break;
      case 'seq-item-ind':
      case 'explicit-key-ind':
        entriesInLine += 1;
        break;
      case 'newline':
        entriesInLine = 0;
        break;
    }
    if (flowDepth > DEEPEST || entriesInLine > DEEPEST)
      return failed(file, 'yaml/too-deep', tooDeep);
  }
  return undefined;
}

/** A tree too deep is reported by every level of it: the deepest alone says enough. */
function worthTelling(errors: readonly YAMLError[]): readonly YAMLError[] {
  const tooDeepAt = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
  return tooDeepAt === undefined ? errors.slice(0, MOST_ERRORS) : [tooDeepAt];
}

function positionAt({ file, lines }: Place, offset: number): SourcePosition {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

function syntaxProblem(error: YAMLError, place: Place): Problem {
  const source = positionAt(place, error.pos[0]);
  if (error.code === 'RESOURCE_EXHAUSTION') {
    return makeProblem('yaml/too-deep', { source }, { message: tooDeep });
  }
  if (error.code === 'DUPLICATE_KEY') {
    return makeProblem(
      'yaml/duplicate-key',
      { source },
      { message: 'this key stands twice in one mapping', hint: 'keep one of them' },
    );
  }
  // Behind a colon the parser quotes the text, which may be a key pasted in by mistake.
  const message = error.message.replace(/:.*$/su, '').trim();
  return makeProblem(
    'yaml/syntax',
    { source },
    { message: message === '' ? 'is not valid YAML' : message, hint: syntaxHint(error) },
  );
}

function syntaxHint(error: YAMLError): string | undefined {
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return 'indent with spaces';
    case 'BAD_ALIAS':
      return 'quote the text if the * is meant literally';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'quote values that contain ": "';
    case 'BAD_INDENT':
      return 'give fields of one mapping the same indentation';
    default:
      return undefined;
  }
}

function readDocument(document: Document.Parsed, place: Place): YamlDocument | Problem {
  const positions = new Map<string, SourcePosition>();
  const keyPositions = new Map<string, SourcePosition>();
  const start = document.contents?.range[0] ?? document.range[0];
  const source = positionAt(place, start);
  positions.set('', source);
  let level = 0;
  const note = (node: unknown, path: FieldPath): void => {
    // Aliases are not followed: a field inside one is shown where the alias stands.
    if (!isCollection(node)) return;
    level += 1;
    if (level > DEEPEST) throw new RangeError(tooDeep);
    for (const [index, item] of node.items.entries()) {
      if (isPair(item)) {
        const key = isScalar(item.key) ? String(item.key.value) : undefined;
        if (key === undefined) continue;
        const below = [...path, key];
        const keyAt = offsetOf(item.key);
        if (keyAt !== undefined) keyPositions.set(formatPath(below), positionAt(place, keyAt));
        const shownAt = isBlockCollection(item.value) ? keyAt : (offsetOf(item.value) ?? keyAt);
        if (shownAt !== undefined) positions.set(formatPath(below), positionAt(place, shownAt));
        note(item.value, below);
      } else {
        const below = [...path, index];
        const at = offsetOf(item);
        if (at !== undefined) positions.set(formatPath(below), positionAt(place, at));
        note(item, below);
      }
    }
    level -= 1;
  };
  try {
    note(document.contents, []);
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    return { value, positions, keyPositions };
  } catch (cause) {
    if (cause instanceof RangeError)
      return makeProblem('yaml/too-deep', { source }, { message: tooDeep });
    // What `yaml` throws for an alias that is unknown or unfolds too often.
    if (cause instanceof ReferenceError) {
      return makeProblem(
        'yaml/too-many-aliases',
        { source },
        {
          message: 'aliases unfold to too many values, or name an anchor that does not exist',
          hint: 'write the values out',
        },
      );
    }
    throw cause;
  }
}

/** The value of a block mapping or list begins on another line than its key: show the key. */
function isBlockCollection(node: unknown): boolean {
  return isCollection(node) && node.flow !== true;
}

function offsetOf(node: unknown): number | undefined {
  if (isScalar(node) || isAlias(node) || isMap(node) || isCollection(node)) {
    return (node as Node).range?.[0];
  }
  return undefined;
}
