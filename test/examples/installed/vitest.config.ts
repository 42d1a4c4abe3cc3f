import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** The tests of examples/ that are folders of their own, with the package as it is published: `npm run test:examples`. */
export default defineConfig({
  test: {
    root: join(import.meta.dirname, '../../..'),
    include: ['test/examples/installed/*.test.ts'],
    globalSetup: [join(import.meta.dirname, 'setup.ts')],
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
