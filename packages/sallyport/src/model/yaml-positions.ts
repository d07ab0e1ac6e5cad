/** Walks the tree of one YAML document for what its plain value no longer tells: where things stand. */
import {
  type Document,
  isAlias,
  isCollection,
  isNode,
  isPair,
  isScalar,
  type LineCounter,
} from 'yaml';
import type { SourcePosition } from '../lib/problem.ts';
import { type FieldPath, formatPath } from './parsed-object.ts';

/** The file and its lines, to turn offsets into positions. */
export interface TextPlace {
  readonly file: string;
  readonly lines: LineCounter;
}

export interface YamlPositions {
  /** Of values by formatted field path, `''` for the root. */
  readonly positions: ReadonlyMap<string, SourcePosition>;
  /** Of the keys, which is where an unknown field is shown. */
  readonly keyPositions: ReadonlyMap<string, SourcePosition>;
  /** Aliases to anchors that do not come before them. */
  readonly unknownAliases: readonly SourcePosition[];
  /** Levels of collections inside each other. */
  readonly depth: number;
}

export function positionAt({ file, lines }: TextPlace, offset: number): SourcePosition {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

export function findPositions(document: Document.Parsed, place: TextPlace): YamlPositions {
  const walk = new Walk(place);
  const start = document.contents?.range[0] ?? document.range[0];
  walk.positions.set('', positionAt(place, start));
  walk.visit(document.contents, [], 0);
  return walk;
}

class Walk implements YamlPositions {
  readonly positions: Map<string, SourcePosition> = new Map();
  readonly keyPositions: Map<string, SourcePosition> = new Map();
  readonly unknownAliases: SourcePosition[] = [];
  depth = 0;
  readonly #place: TextPlace;
  readonly #anchors = new Set<string>();

  constructor(place: TextPlace) {
    this.#place = place;
  }

  visit(node: unknown, path: FieldPath, level: number): void {
    if (isAlias(node)) {
      // Aliases are not followed: a field inside one is shown where the alias stands.
      const at = this.#positionOf(node);
      if (at !== undefined && !this.#anchors.has(node.source)) this.unknownAliases.push(at);
      return;
    }
    if (isNode(node) && node.anchor !== undefined) this.#anchors.add(node.anchor);
    if (!isCollection(node)) return;
    this.depth = Math.max(this.depth, level + 1);
    for (const [index, item] of node.items.entries()) {
      if (isPair(item)) this.#visitPair(item.key, item.value, { path, level });
      else this.#visitItem(item, [...path, index], level);
    }
  }

  #visitPair(
    key: unknown,
    value: unknown,
    { path, level }: { path: FieldPath; level: number },
  ): void {
    this.visit(key, path, level + 1);
    const below = [...path, isScalar(key) ? String(key.value) : ''];
    const keyAt = this.#positionOf(key);
    if (keyAt !== undefined) this.keyPositions.set(formatPath(below), keyAt);
    // A block mapping or list begins on another line than its key: there the key is shown.
    const isBlock = isCollection(value) && value.flow !== true;
    const at = isBlock ? keyAt : (this.#positionOf(value) ?? keyAt);
    if (at !== undefined) this.positions.set(formatPath(below), at);
    this.visit(value, below, level + 1);
  }

  #visitItem(item: unknown, path: FieldPath, level: number): void {
    const at = this.#positionOf(item);
    if (at !== undefined) this.positions.set(formatPath(path), at);
    this.visit(item, path, level + 1);
  }

  #positionOf(node: unknown): SourcePosition | undefined {
    const offset = isNode(node) ? node.range?.[0] : undefined;
    return offset === undefined ? undefined : positionAt(this.#place, offset);
  }
}
