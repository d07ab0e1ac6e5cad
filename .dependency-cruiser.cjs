// Who may import whom, each rule with its reason. `scripts/check.ts` also demands that modules were seen.
const PURE =
  '^packages/sallyport/src/(lib|model|plan|status)/|^packages/sallyport/src/drivers/[^/]+/(?!(driver|engine|daemon|memory-file|vici-socket|vty-socket|batch)[.]ts$|testing/)';
const TEST = '[.](test|prop[.]test)[.]ts$|/testing[.]ts$|/testing/';

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle has no bottom: none of its modules can be understood or tested alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'pure-layers-touch-nothing',
      comment:
        'Plans, renders, parses and diffs must be the same on every machine, and testable without one.',
      severity: 'error',
      from: { path: PURE, pathNot: TEST },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'lib-knows-nothing',
      comment: 'lib is below the model: what knows our words does not belong there.',
      severity: 'error',
      from: { path: '^packages/sallyport/src/lib/', pathNot: TEST },
      to: { path: '^packages/sallyport/src/(?!lib/)' },
    },
    {
      name: 'model-below-plan',
      comment: 'Declarations exist without a plan.',
      severity: 'error',
      from: { path: '^packages/sallyport/src/model/', pathNot: TEST },
      to: { path: '^packages/sallyport/src/(?!lib/|model/)' },
    },
    {
      name: 'plan-below-drivers',
      comment: 'The plan is the same whichever driver carries it out.',
      severity: 'error',
      from: { path: '^packages/sallyport/src/plan/', pathNot: TEST },
      to: { path: '^packages/sallyport/src/(?!lib/|model/|plan/)' },
    },
    {
      name: 'drivers-stand-alone',
      comment: 'A driver can be replaced without a look at the others.',
      severity: 'error',
      from: { path: '^packages/sallyport/src/drivers/([^/]+)/' },
      to: {
        path: '^packages/sallyport/src/drivers/([^/]+)/',
        pathNot: '^packages/sallyport/src/drivers/$1/',
      },
    },
    {
      name: 'drivers-below-agent',
      comment: 'Drivers do not know who drives them.',
      severity: 'error',
      from: { path: '^packages/sallyport/src/(drivers|platform)/' },
      to: { path: '^packages/sallyport/src/(agent|store|cli|bin)/' },
    },
    {
      name: 'pki-knows-no-files',
      comment:
        'Whoever keeps authorities, in files or in a database, makes certificates the same way.',
      severity: 'error',
      from: { path: '^packages/sallyport/src/pki/', pathNot: TEST },
      to: { path: '^packages/sallyport/src/(agent|store|cli|bin|drivers)/|^(node:)?fs' },
    },
    {
      name: 'agent-below-cli',
      comment: 'The agent runs without a command line.',
      severity: 'error',
      from: { path: '^packages/sallyport/src/(agent|store)/' },
      to: { path: '^packages/sallyport/src/(cli|bin)/' },
    },
    {
      name: 'vici-is-independent',
      comment:
        'The client is useful to others: it must not know our model, and brings no dependencies.',
      severity: 'error',
      from: { path: '^packages/vici/src/', pathNot: TEST },
      to: {
        pathNot: '^packages/vici/src/|^(node:)?[a-z_/]+$',
        dependencyTypesNot: ['core', 'type-only'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      conditionNames: ['@sallyport/source', 'import', 'node', 'default'],
      extensions: ['.ts', '.js'],
    },
  },
};
