/**
 * Writes what is generated from the code: JSON Schemas for editors into `deploy/schema/` and the
 * references of codes. With `--check` it writes nothing and fails where a file is stale.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { causeReference } from '../packages/sallyport/src/drivers/strongswan/causes/cause-reference.ts';
import { changeClassReference } from '../packages/sallyport/src/model/change-classes.ts';
import { jsonSchemas } from '../packages/sallyport/src/model/json-schema.ts';
import { problemReference } from '../packages/sallyport/src/model/problem-codes.ts';
import { conditionReference } from '../packages/sallyport/src/status/conditions/condition-reasons.ts';
import { eventReference } from '../packages/sallyport/src/status/events/event-reasons.ts';
import { REPORT_CODES } from '../packages/sallyport/src/status/report-codes.ts';
import { pathCauseReference } from '../packages/sallyport/src/status/why/path-cause-reference.ts';

const ROOT = join(import.meta.dirname, '..');

function reportReference(): string {
  const rows = Object.entries(REPORT_CODES).map(
    ([code, meaning]) => `| \`${code}\` | ${meaning} |`,
  );
  return `\n## Beyond validation\n\nWhat planning and the agent say: in \`plan\`, \`apply\`, \`status\` and the host report.\n\n| code | meaning |\n|---|---|\n${rows.join('\n')}\n`;
}

const wanted: readonly (readonly [path: string, text: string])[] = [
  ...[...jsonSchemas()].map(
    ([name, schema]) =>
      [`deploy/schema/${name}.json`, `${JSON.stringify(schema, undefined, 2)}\n`] as const,
  ),
  ['docs/reference/problems.md', `${problemReference()}${reportReference()}`],
  ['docs/reference/causes.md', `${causeReference()}${pathCauseReference()}`],
  ['docs/reference/conditions.md', conditionReference()],
  ['docs/reference/change-classes.md', changeClassReference()],
  ['docs/reference/events.md', eventReference()],
];

async function currentText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

const stale: string[] = [];
for (const [path, text] of wanted) {
  const file = join(ROOT, path);
  if ((await currentText(file)) === text) continue;
  stale.push(path);
  if (process.argv.includes('--check')) continue;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

if (process.argv.includes('--check') && stale.length > 0) {
  console.error(`stale, run \`node scripts/generate.ts\`:\n${stale.join('\n')}`);
  process.exitCode = 1;
} else {
  console.log(`${String(wanted.length)} generated files, ${String(stale.length)} written`);
}
