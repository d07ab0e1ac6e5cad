/** Files as editors of all kinds leave them, down to the place of an error in them. */
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatProblem } from '../lib/problem.ts';
import { type ParsedInput, parseYaml } from '../model/parse-yaml.ts';
import { twoSites } from '../model/testing.ts';
import { readSources } from './read-objects.ts';

const noInput = (): Promise<string> => Promise.resolve('');
const BOM = '\uFEFF';
const everyKind = ['Host', 'Gateway', 'Connection', 'Secret'];

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'read-forms-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function parseFile(content: string | Uint8Array, name = 'site.yaml'): Promise<ParsedInput> {
  await writeFile(join(directory, name), content);
  const { sources, problems } = await readSources([directory], noInput);
  expect(problems).toEqual([]);
  return parseYaml(sources);
}

/** Problems with the directory taken away, one line each. */
function lines({ problems }: ParsedInput): string[] {
  return problems.map((problem) => formatProblem(problem).replace(`${directory}/`, ''));
}

const forms: readonly { form: string; write: (text: string) => string }[] = [
  { form: 'Unix line ends', write: (text) => text },
  { form: 'Windows line ends', write: (text) => text.replaceAll('\n', '\r\n') },
  { form: 'a byte order mark', write: (text) => `${BOM}${text.trimStart()}` },
  {
    form: 'a byte order mark and Windows line ends',
    write: (text) => BOM + text.trimStart().replaceAll('\n', '\r\n'),
  },
  { form: 'no line end at the end', write: (text) => text.trimEnd() },
  { form: 'comments and empty documents', write: (text) => `# ours\n---\n${text}---\n---\n# end` },
];

describe('a file with several documents', () => {
  it.each(forms)('is read with $form', async ({ write }) => {
    const parsed = await parseFile(write(twoSites));
    expect(lines(parsed)).toEqual([]);
    expect(parsed.objects.map(({ object }) => object.kind)).toEqual(everyKind);
  });

  it.each(forms.slice(0, 2))('tells the line and column of a fault, with $form', async (form) => {
    const text = twoSites
      .trimStart()
      .replace('placement: {hosts: [gw1]}', 'placement: {hosts: gw1}');
    const [line, ...more] = lines(await parseFile(form.write(text)));
    const place = text.split('\n').findIndex((row) => row.includes('hosts: gw1')) + 1;
    expect(more).toEqual([]);
    expect(line).toMatch(
      new RegExp(`^site\\.yaml:${String(place)}:22: error: Gateway default/edge `, 'u'),
    );
  });

  it('counts lines over all documents of the file where the YAML itself is wrong', async () => {
    const parsed = await parseFile(`${twoSites.trim()}\n---\na: [1\nb: 2\n`);
    const rows = twoSites.trim().split('\n').length;
    expect(lines(parsed)[0]).toMatch(
      new RegExp(`^site\\.yaml:${String(rows + 3)}:1: error: `, 'u'),
    );
    // What is well-formed beside it is still understood, so that its own faults show at once.
    expect(parsed.objects.map(({ object }) => object.kind)).toEqual(everyKind);
  });

  it('names the first column of the first line behind a byte order mark', async () => {
    const [line] = lines(await parseFile(`${BOM}"open`));
    expect(line).toMatch(/^site\.yaml:1:\d+: error: .*\[yaml\/syntax\]$/u);
  });
});

describe('files of one directory', () => {
  it('keep their names in what is said of them', async () => {
    await parseFile('a: b: c\n', 'a.yaml');
    const parsed = await parseFile('a: b: c\n', 'b.yml');
    expect(lines(parsed).map((line) => line.split(':', 3).join(':'))).toEqual(
      expect.arrayContaining(['a.yaml:1:4', 'b.yml:1:4']),
    );
  });

  it.each([
    { what: 'is a circle of links', target: 'x.yaml', code: 'ELOOP' },
    { what: 'leads to a directory', target: '.', code: 'EISDIR' },
  ])('that cannot be read are named: one that $what', async ({ target, code }) => {
    await symlink(target, join(directory, 'x.yaml'));
    const { problems } = await readSources([directory], noInput);
    expect(problems.map(formatProblem)).toEqual([
      `error: cannot be read: ${code} (${directory}/x.yaml); give a file or a directory that exists and that you may read [input/unreadable]`,
    ]);
  });
});
