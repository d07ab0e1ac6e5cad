import { defineConfig } from 'vitest/config';

const conditions = ['@sallyport/source', 'node', 'import', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts'],
    // No test waits for luck: a limit that a busy machine reaches would only fail what is right.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/testing.ts', '**/testing/**'],
      reporter: ['text-summary', 'json-summary', 'html'],
      // Pure layers; what only runs with a daemon or a kernel is proven in the lab.
      thresholds: {
        'packages/vici/src/**': { lines: 95 },
        'packages/sallyport/src/{lib,model,plan,status}/**': { lines: 95 },
        'packages/sallyport/src/drivers/*/**/!(driver|engine|daemon-process|memory-file|vici-socket|batch).ts':
          {
            lines: 95,
          },
      },
    },
  },
});
