import { defineConfig } from 'vitest/config';

const conditions = ['@sallyport/source', 'node', 'import', 'default'];

const PURE = 'packages/sallyport/src/{lib,model,plan,status,drivers}/**/*.test.ts';

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    projects: [
      // Pure modules keep nothing from one test to the next: to load them anew for each file is most of the time.
      { extends: true, test: { name: 'pure', isolate: false, include: [PURE] } },
      {
        extends: true,
        test: {
          name: 'effects',
          include: ['packages/*/src/**/*.test.ts'],
          exclude: [PURE],
          setupFiles: ['packages/sallyport/src/pki/testing/cheap-scrypt.ts'],
        },
      },
    ],
    // Vitest leaves one core out, which on a machine of two is half of it.
    maxWorkers: '100%',
    // No test waits for luck: a limit that a busy machine reaches would only fail what is right.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      // What only runs with a daemon or a kernel is proven in the lab.
      include: [
        'packages/vici/src/**/*.ts',
        'packages/sallyport/src/{lib,model,plan,status,drivers,pki,store}/**/*.ts',
      ],
      exclude: ['**/*.test.ts', '**/testing.ts', '**/testing/**'],
      reporter: ['text-summary'],
      thresholds: {
        'packages/vici/src/**': { lines: 95 },
        'packages/sallyport/src/{lib,model,plan,status,pki}/**': { lines: 95 },
        'packages/sallyport/src/drivers/*/**/!(driver|engine|daemon|memory-file|vici-socket|vty-socket|batch).ts':
          {
            lines: 95,
          },
      },
    },
  },
});
