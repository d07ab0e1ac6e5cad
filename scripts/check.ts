/** What must hold before each commit: format, types, lint, layers, dead code, schemas, unit tests. */
import { spawnSync } from 'node:child_process';

interface Step {
  readonly name: string;
  readonly args: readonly string[];
  /** Demands of the output, since a tool that sees nothing finds nothing. */
  readonly sees?: (output: string) => boolean;
}

const MODULES = 150;

const STEPS: readonly Step[] = [
  {
    name: 'format',
    args: ['node_modules/@biomejs/biome/bin/biome', 'ci', '--reporter=summary', '.'],
  },
  { name: 'types', args: ['node_modules/typescript/bin/tsc', '-b'] },
  { name: 'lint', args: ['node_modules/eslint/bin/eslint.js', 'packages', 'lab', 'scripts'] },
  {
    name: 'layers',
    args: [
      'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
      'packages/vici/src',
      'packages/sallyport/src',
      '--config',
      '.dependency-cruiser.cjs',
    ],
    sees: (output) => Number(/(\d+) modules/.exec(output)?.[1] ?? 0) > MODULES,
  },
  { name: 'dead code', args: ['node_modules/knip/bin/knip.js'] },
  { name: 'schemas', args: ['scripts/generate-schemas.ts', '--check'] },
  { name: 'unit tests', args: ['node_modules/vitest/vitest.mjs', 'run', '--reporter=dot'] },
];

let failed = 0;
for (const { name, args, sees } of STEPS) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const holds = status === 0 && (sees?.(stdout) ?? true);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  process.stdout.write(`${holds ? 'ok    ' : 'FAILED'} ${seconds.padStart(5)} s  ${name}\n`);
  if (!holds) process.stdout.write(`${stdout}${stderr}\n`);
  failed += holds ? 0 : 1;
}
process.stdout.write(`${String(STEPS.length - failed)} passed, ${String(failed)} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
