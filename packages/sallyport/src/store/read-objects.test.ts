import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_FACTS } from '../model/facts.ts';
import { parseYaml } from '../model/parse-yaml.ts';
import { validateObjects } from '../model/validate.ts';
import { LARGEST_TEXT_BYTES } from '../model/yaml-documents.ts';
import { readSources } from './read-objects.ts';

let dir = '';
const noInput = (): Promise<string> =>
  Promise.reject(new Error('standard input was not asked for'));

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sallyport-read-'));
  await mkdir(join(dir, 'tree/b/.hidden'), { recursive: true });
  await mkdir(join(dir, 'empty'));
  await writeFile(join(dir, 'tree/c.yaml'), 'c: 1');
  await writeFile(join(dir, 'tree/a.yml'), 'a: 1');
  await writeFile(join(dir, 'tree/B.yaml'), 'B: 1');
  await writeFile(join(dir, 'tree/b/deep.yaml'), 'deep: 1');
  await writeFile(join(dir, 'tree/b/.hidden/copy.yaml'), 'copy: 1');
  await writeFile(join(dir, 'tree/.a.yaml'), 'swap: 1');
  await writeFile(join(dir, 'tree/notes.txt'), 'notes');
  await symlink('c.yaml', join(dir, 'tree/link.yaml'));
  await mkdir(join(dir, 'broken'));
  await symlink('nowhere', join(dir, 'broken/x.yaml'));
  await writeFile(join(dir, 'broken/y.yaml'), 'y: 1');
  await writeFile(join(dir, 'large.yaml'), '');
  await truncate(join(dir, 'large.yaml'), LARGEST_TEXT_BYTES + 1);
});

afterAll(async () => {
  await rm(dir, { recursive: true });
});

describe('readSources', () => {
  it('reads a directory with everything below it, sorted, without hidden files', async () => {
    const { sources, problems } = await readSources([join(dir, 'tree')], noInput);
    expect(problems).toEqual([]);
    expect(sources.map(({ file, text }) => [file.slice(dir.length), text])).toEqual([
      ['/tree/B.yaml', 'B: 1'],
      ['/tree/a.yml', 'a: 1'],
      ['/tree/b/deep.yaml', 'deep: 1'],
      ['/tree/c.yaml', 'c: 1'],
      ['/tree/link.yaml', 'c: 1'],
    ]);
  });

  it('reads one file whatever its name, and none twice', async () => {
    const file = join(dir, 'tree/notes.txt');
    const { sources } = await readSources([file, file], noInput);
    expect(sources).toEqual([{ file, text: 'notes' }]);
  });

  it('reads standard input', async () => {
    const { sources } = await readSources(['-', '-'], () => Promise.resolve('a: 1'));
    expect(sources).toEqual([{ file: 'standard input', text: 'a: 1' }]);
  });

  it('says what cannot be read, and reads the rest', async () => {
    const { sources, problems } = await readSources(
      [join(dir, 'nothing'), join(dir, 'broken'), join(dir, 'tree/a.yml')],
      noInput,
    );
    expect(sources.map(({ text }) => text)).toEqual(['y: 1', 'a: 1']);
    expect(
      problems.map(({ code, message, value }) => [code, message, value?.slice(dir.length)]),
    ).toEqual([
      ['input/unreadable', 'there is no such file or directory', '/nothing'],
      ['input/unreadable', 'there is no such file or directory', '/broken/x.yaml'],
    ]);
  });

  it('says that there is nothing', async () => {
    const { problems } = await readSources([join(dir, 'empty')], noInput);
    expect(problems).toMatchObject([
      { code: 'input/nothing', hint: 'files of declarations end with .yaml or .yml' },
    ]);
  });

  it('leaves a file that is too large to the parser to refuse', async () => {
    const { sources } = await readSources([join(dir, 'large.yaml')], noInput);
    expect(parseYaml(sources).problems).toMatchObject([
      { code: 'yaml/too-large', source: { file: join(dir, 'large.yaml') } },
    ]);
  });

  it.each(['first-tunnel', 'two-partners', 'own-authority', 'two-gateways', 'cluster'])(
    'reads the example %s, which is valid',
    async (name) => {
      const path = join(import.meta.dirname, '../../../../examples', name);
      const { sources } = await readSources([path], noInput);
      expect(
        sources.every(({ text }) =>
          /^# yaml-language-server: \$schema=\.\.\/\.\.\/deploy\/schema\/\w+\.json\n/u.test(text),
        ),
      ).toBe(true);
      const { objects, problems } = parseYaml(sources);
      expect(problems).toEqual([]);
      expect(validateObjects(objects, NO_FACTS).problems).toEqual([]);
      expect(objects.some(({ object }) => object.kind === 'Connection')).toBe(true);
    },
  );
});
