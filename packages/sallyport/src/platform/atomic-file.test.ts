import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readJsonFile, removeUnfinished, stageFile, writeFileAtomic } from './atomic-file.ts';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'atomic-'));
  path = join(directory, 'state', 'file.json');
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const names = (): Promise<string[]> => readdir(join(directory, 'state'));

describe('writeFileAtomic', () => {
  it('replaces the file, for its owner alone', async () => {
    await writeFileAtomic(path, '1');
    await writeFileAtomic(path, '2');
    expect(await readFile(path, 'utf8')).toBe('2');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'state'))).mode & 0o777).toBe(0o700);
    expect(await names()).toEqual(['file.json']);
  });

  it('leaves the old file where the disk is full', async () => {
    await writeFileAtomic(path, '"old"');
    // A process that may write no file above 512 bytes is told ENOSPC's sibling, EFBIG.
    const program = `
      import { writeFileAtomic } from ${JSON.stringify(join(import.meta.dirname, 'atomic-file.ts'))};
      process.on('SIGXFSZ', () => undefined);
      await writeFileAtomic(${JSON.stringify(path)}, 'x'.repeat(100_000)).then(
        () => console.log('written'),
        (error) => console.log(error.code),
      );
    `;
    const node = [process.execPath, '--input-type=module-typescript', '-e', program];
    const { stdout } = await promisify(execFile)('prlimit', ['--fsize=512', ...node]);
    expect(stdout).toBe('EFBIG\n');
    expect(await readJsonFile(path)).toBe('old');
    expect(await names()).toEqual(['file.json']);
  });
});

describe('a write that fails', () => {
  it.each([
    { what: 'before anything is written', name: 'x'.repeat(250), code: 'ENAMETOOLONG' },
    { what: 'when all is written but the name', name: 'taken', code: 'EISDIR' },
  ])('$what says why and leaves nothing beside', async ({ name, code }) => {
    const taken = join(directory, 'state', 'taken');
    await mkdir(taken, { recursive: true });
    const write = writeFileAtomic(join(directory, 'state', name), '1');
    await expect(write).rejects.toMatchObject({ code });
    expect(await names()).toEqual(['taken']);
  });
});

describe('stageFile', () => {
  it('is not in force until it is committed, and leaves nothing when discarded', async () => {
    await writeFileAtomic(path, '1');
    const staged = await stageFile(path, '2');
    expect(await readJsonFile(path)).toBe(1);
    await staged.discard();
    expect(await names()).toEqual(['file.json']);
    await (await stageFile(path, '3')).commit();
    expect(await readJsonFile(path)).toBe(3);
  });
});

describe('readJsonFile', () => {
  it('tells a missing file from a damaged one', async () => {
    expect(await readJsonFile(path)).toBeUndefined();
    await writeFileAtomic(path, '{');
    await expect(readJsonFile(path)).rejects.toThrow(SyntaxError);
  });
});

describe('removeUnfinished', () => {
  it('removes what a killed writer has left, and nothing else', async () => {
    await writeFileAtomic(path, '1');
    await stageFile(path, '2');
    await writeFile(join(directory, 'state', 'notes.tmp'), '');
    await removeUnfinished(join(directory, 'state'));
    expect((await names()).sort()).toEqual(['file.json', 'notes.tmp']);
  });

  it('leaves what belongs to other files than those named', async () => {
    await stageFile(path, '1');
    await stageFile(join(directory, 'state', 'other.json'), '1');
    await removeUnfinished(join(directory, 'state'), ['file.json']);
    expect(await names()).toEqual([expect.stringMatching(/^other\.json\./)]);
  });

  it('has nothing to do where there is no directory', async () => {
    await removeUnfinished(join(directory, 'nowhere'));
    expect(await readdir(directory)).toEqual([]);
  });
});
