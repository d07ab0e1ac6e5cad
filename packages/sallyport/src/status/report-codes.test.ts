import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CAUSES } from '../drivers/strongswan/causes/cause-texts.ts';
import { REPORT_CODES } from './report-codes.ts';

const SOURCES = join(import.meta.dirname, '..');
const CODE =
  /'((?:plan|pki|kernel|strongswan|keepalived|vrrp|frr|routing|engine|agent)\/[a-z0-9-]+)'/g;

describe('the codes of reports', () => {
  it('are all explained, and none that nobody says', () => {
    const files = globSync('**/*.ts', { cwd: SOURCES }).filter(
      (file) => !file.endsWith('.test.ts') && !file.endsWith('report-codes.ts'),
    );
    const said = files.flatMap((file) =>
      [...readFileSync(join(SOURCES, file), 'utf8').matchAll(CODE)].map(([, code]) => code),
    );
    const explained = [...Object.keys(REPORT_CODES), ...Object.keys(CAUSES)];
    expect([...new Set(said)].filter((code) => !explained.includes(code ?? ''))).toEqual([]);
    expect(Object.keys(REPORT_CODES).filter((code) => !said.includes(code))).toEqual([]);
  });
});
