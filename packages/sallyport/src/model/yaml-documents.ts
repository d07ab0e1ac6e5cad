/** YAML text -> plain values with the position of every node. Knows nothing of kinds and fields. */
import { CST, type Document, Lexer, LineCounter, parseAllDocuments, type YAMLError } from 'yaml';
import type { Problem } from '../lib/problem.ts';
import { makeProblem } from './problem-at.ts';
import { findPositions, positionAt, type TextPlace, type YamlPositions } from './yaml-positions.ts';

/** Text of one file (or of standard input) with the name it is reported under. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
}

export interface YamlDocument extends Pick<YamlPositions, 'positions' | 'keyPositions'> {
  readonly value: unknown;
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
  const place: TextPlace = { file, lines };
  const excess = excessOf({ file, text });
  if (excess !== undefined) return excess;
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const documents: YamlDocument[] = [];
  const problems: Problem[] = [];
  for (const document of parsed) {
    problems.push(...worthTelling(document.errors).map((error) => syntaxProblem(error, place)));
    if (document.errors.length > 0) continue;
    const read = readDocument(document, place);
    if (Array.isArray(read)) problems.push(...read);
    else if (read.value !== null) documents.push(read);
  }
  return { documents, problems };
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

function syntaxProblem(error: YAMLError, place: TextPlace): Problem {
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
  const { message = parserMessage(error), hint } = OWN_WORDS[error.code] ?? {};
  return makeProblem('yaml/syntax', { source }, { message, hint });
}

/** The parser's words, but not what it quotes behind a colon: that may be a key pasted in by mistake. */
function parserMessage({ message }: YAMLError): string {
  return message.replace(/:.*$/su, '').trim();
}

/** Where the parser's words quote the text, or where there is a usual way out. */
const OWN_WORDS: { readonly [C in YAMLError['code']]?: { message?: string; hint?: string } } = {
  TAG_RESOLVE_FAILED: {
    message: 'this tag is not known',
    hint: 'quote the text if the ! is meant literally',
  },
  UNEXPECTED_TOKEN: { message: 'this does not belong here' },
  BAD_DIRECTIVE: {
    message: 'this directive is not known',
    hint: 'quote the text if the % is meant literally',
  },
  BAD_DQ_ESCAPE: {
    message: 'this escape is not known',
    hint: 'use single quotes to mean a \\ literally',
  },
  TAB_AS_INDENT: { hint: 'indent with spaces' },
  BLOCK_AS_IMPLICIT_KEY: { hint: 'quote values that contain ": "' },
  BAD_INDENT: { hint: 'give fields of one mapping the same indentation' },
};

function readDocument(document: Document.Parsed, place: TextPlace): YamlDocument | Problem[] {
  const found = findPositions(document, place);
  const source = found.positions.get('');
  if (found.depth > DEEPEST) {
    return [makeProblem('yaml/too-deep', { source }, { message: tooDeep })];
  }
  if (found.unknownAliases.length > 0) {
    return found.unknownAliases.slice(0, MOST_ERRORS).map((alias) => {
      const message = 'there is no anchor of that name before this alias';
      const hint = 'quote the text if the * is meant literally';
      return makeProblem('yaml/syntax', { source: alias }, { message, hint });
    });
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    return { value, positions: found.positions, keyPositions: found.keyPositions };
  } catch (cause) {
    // The one thing that `yaml` still refuses here: aliases that unfold too often.
    if (!(cause instanceof ReferenceError)) throw cause;
    const message = 'aliases unfold to too many values';
    const hint = 'write the values out';
    return [makeProblem('yaml/too-many-aliases', { source }, { message, hint })];
  }
}
