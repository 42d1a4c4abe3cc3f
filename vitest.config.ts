import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { ENTRIES } from './test/examples/entries.ts';
import { leftOut } from './test/long-tests.ts';
import { sampleLine } from './test/sample-line.ts';

/** Processes that tests start find their modules compiled: this halves the time that `rangeway` takes to start. */
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/node-compile');

const alias = Object.entries(ENTRIES).map(([name, file]) => ({
  find: new RegExp(`^${name}$`),
  replacement: join(import.meta.dirname, file),
}));

export default defineConfig({
  test: {
    reporters: ['default', sampleLine],
    // Many files only wait, for sockets, processes and timeouts: one file at a time leaves two cores idle.
    maxWorkers: Math.max(3, availableParallelism()),
    projects: [
      {
        // The package by its own name, in examples/.
        resolve: { alias },
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/workers/**', 'test/s3/**', 'test/lambda/**', 'test/examples/installed/**', ...leftOut],
          globalSetup: ['test/conformance/setup.ts'],
          testTimeout: 90_000,
          hookTimeout: 120_000,
        },
      },
      {
        plugins: [
          cloudflareTest({
            main: './src/platform/workers/worker.ts',
            wrangler: { configPath: './wrangler.toml' },
            miniflare: { durableObjects: { TRANSFERS: { className: 'TransferShard', useSQLite: true } } },
          }),
        ],
        test: { name: 'workers', include: ['test/workers/**/*.test.ts'], testTimeout: 90_000 },
      },
      {
        test: {
          name: 's3',
          include: ['test/s3/**/*.test.ts', 'test/lambda/*.test.ts'],
          globalSetup: ['test/s3/setup.ts', 'test/lambda/setup.ts'],
          testTimeout: 90_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
