import { describe, expect, it } from 'vitest';
import { LARGEST_TEXT_BYTES, readYamlDocuments } from './yaml-documents.ts';

function problems(text: string): (string | undefined)[][] {
  return readYamlDocuments({ file: 'a.yaml', text }).problems.map(({ code, source, hint }) => [
    `${code}@${String(source?.line)}:${String(source?.column)}`,
    hint,
  ]);
}

describe('readYamlDocuments', () => {
  it('gives values with the positions of keys and values', () => {
    const { documents } = readYamlDocuments({
      file: 'a.yaml',
      text: 'a:\n  - b: 1\n    c: {d: x}\n',
    });
    expect(documents).toHaveLength(1);
    const [document] = documents;
    expect(document?.value).toEqual({ a: [{ b: 1, c: { d: 'x' } }] });
    const at = (path: string): string | undefined => {
      const found = document?.positions.get(path);
      return found && `${String(found.line)}:${String(found.column)}`;
    };
    expect([at(''), at('a'), at('a[0]'), at('a[0].b'), at('a[0].c.d')]).toEqual([
      '1:1',
      '1:1',
      '2:5',
      '2:8',
      '3:12',
    ]);
    expect(document?.keyPositions.get('a[0].c.d')).toEqual({ file: 'a.yaml', line: 3, column: 9 });
  });

  it('shows fields inside an alias where the alias stands', () => {
    const { documents } = readYamlDocuments({ file: 'a.yaml', text: 'a: &x {b: 1}\nc: *x\n' });
    expect(documents[0]?.value).toEqual({ a: { b: 1 }, c: { b: 1 } });
    expect(documents[0]?.positions.get('c')).toEqual({ file: 'a.yaml', line: 2, column: 4 });
    expect(documents[0]?.positions.has('c.b')).toBe(false);
  });

  it.each([
    ['a: [1, 2\nb: 3', 'yaml/syntax@2:1', 'give fields of one mapping the same indentation'],
    ['a:\n\t- 1', 'yaml/syntax@2:1', 'indent with spaces'],
    ['a: b: c', 'yaml/syntax@1:4', 'quote values that contain ": "'],
    ['a: *nobody', 'yaml/syntax@1:4', 'quote the text if the * is meant literally'],
    ['a: 1\na: 2', 'yaml/duplicate-key@2:1', 'keep one of them'],
    ['a: "b', 'yaml/syntax@1:6', undefined],
  ])('names line and column of the error in %j', (text, place, hint) => {
    expect(problems(text)[0]).toEqual([place, hint]);
  });

  it('goes on with the other documents after an error', () => {
    const { documents } = readYamlDocuments({
      file: 'a.yaml',
      text: 'a: 1\n---\nb: [\n---\nc: 2\n',
    });
    expect(documents[0]?.value).toEqual({ a: 1 });
  });

  it('refuses aliases that unfold to very much', () => {
    const level = (name: string, below: string): string =>
      `${name}: &${name} [${Array.from({ length: 9 }, () => `*${below}`).join(', ')}]`;
    const bomb = [
      'a: &a [x, x]',
      level('b', 'a'),
      level('c', 'b'),
      level('d', 'c'),
      level('e', 'd'),
    ].join('\n');
    expect(problems(bomb)).toEqual([['yaml/too-many-aliases@1:1', 'write the values out']]);
  });

  it.each([
    ['of lists', '['.repeat(200_000)],
    ['of mappings', '{a: '.repeat(200_000)],
    ['of entries in one line', '- '.repeat(200_000)],
    ['of keys in one line', '? '.repeat(200_000)],
    ['that is closed again', `a: ${'['.repeat(65)}${']'.repeat(65)}`],
    [
      'by indentation',
      Array.from({ length: 65 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'),
    ],
    [
      'by indentation, deeper than the parser goes',
      Array.from({ length: 2_000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'),
    ],
  ])('refuses a deep nest %s', (_, text) => {
    expect(problems(text).map(([place]) => place?.replace(/@.*/u, ''))).toEqual(['yaml/too-deep']);
  });

  it('reads nesting up to the limit', () => {
    expect(problems(`a: ${'['.repeat(60)}${']'.repeat(60)}`)).toEqual([]);
  });

  it('refuses files that are too large, or hold too much', () => {
    expect(problems('#'.repeat(LARGEST_TEXT_BYTES + 1))).toEqual([
      ['yaml/too-large@1:1', 'split it into several'],
    ]);
    expect(problems('- 1\n'.repeat(400_000))).toEqual([
      ['yaml/too-large@1:1', 'split it into several'],
    ]);
    expect(problems(`#${'x'.repeat(LARGEST_TEXT_BYTES - 1)}`)).toEqual([]);
  });

  it('reports at most twenty errors of one document', () => {
    expect(problems('a: 1\n'.repeat(50))).toHaveLength(20);
  });
});
