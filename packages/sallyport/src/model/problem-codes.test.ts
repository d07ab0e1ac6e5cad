import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROBLEM_CODES, problemReference } from './problem-codes.ts';

const SOURCES = join(import.meta.dirname, '..');

describe('problem codes', () => {
  const files = globSync(
    ['model/**/*.ts', 'platform/{secret,pkcs12}*.ts', 'store/read-objects.ts', 'lib/prefix.ts'],
    { cwd: SOURCES },
  ).filter((file) => !file.includes('.test.') && !file.endsWith('problem-codes.ts'));
  const used = new Set(
    files.flatMap((file) =>
      [...readFileSync(join(SOURCES, file), 'utf8').matchAll(/'([a-z0-9-]+\/[a-z0-9-]+)'/gu)].map(
        (match) => match[1],
      ),
    ),
  );

  it('are all in the table, and all in use', () => {
    expect(files.length).toBeGreaterThan(40);
    const codes = new Set(Object.keys(PROBLEM_CODES));
    expect([...used].filter((code) => !codes.has(String(code)))).toEqual([]);
    expect([...codes].filter((code) => !used.has(code))).toEqual([]);
  });

  it('are all in the reference', () => {
    const page = readFileSync(join(SOURCES, '../../../docs/reference/problems.md'), 'utf8');
    expect(page.startsWith(problemReference())).toBe(true);
    expect(page).toContain('| `tunnel/duplicate-pair` | error |');
  });
});
