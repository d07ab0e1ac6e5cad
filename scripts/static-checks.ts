/** What holds without running the product: format, types, lint, layers, dead code, generated files. */
export interface Check {
  readonly name: string;
  /** For node. */
  readonly args: readonly string[];
  /** Demands of the output, since a tool that sees nothing finds nothing. */
  readonly sees?: (output: string) => boolean;
}

const MODULES = 150;

export const STATIC_CHECKS: readonly Check[] = [
  {
    name: 'format',
    args: ['node_modules/@biomejs/biome/bin/biome', 'ci', '--reporter=summary', '.'],
  },
  { name: 'types', args: ['node_modules/typescript/bin/tsc', '-b'] },
  {
    name: 'lint',
    args: [
      ...['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'],
      ...['--report-unused-disable-directives', 'packages', 'lab', 'bench', 'scripts'],
    ],
    sees: (output) => Number(/on (\d+) files/.exec(output)?.[1] ?? 0) > MODULES,
  },
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
  { name: 'generated files', args: ['scripts/generate.ts', '--check'] },
];
