import { isFull } from './full.ts';

/** Tests that take from ten seconds to minutes, since they kill, wait, or run other programs: a sample leaves them out. */
const LONG_TESTS = [
  'test/browsers/**',
  'test/campaigns/**',
  'test/examples/clients.test.ts',
  'test/faults/**',
  'test/infra/monitoring.test.ts',
  'test/cli/cluster/primary.test.ts',
  'test/cli/dev/dev.test.ts',
  'test/cli/get/get-platforms.test.ts',
  'test/cli/get/get-servers.test.ts',
  'test/cli/get/get-transfers.test.ts',
  'test/cli/index/index-command.test.ts',
  'test/cli/serve-health.test.ts',
  'test/cli/serve-link-limits.test.ts',
  'test/cli/serve-metrics.test.ts',
  'test/cli/serve-transfers.test.ts',
  'test/cli/transfers/transfers.test.ts',
  'test/cli/until-stopped.test.ts',
  'test/cli/warm/warm.test.ts',
  'test/client/engine-killed.test.ts',
  'test/client/sinks/node-lock.test.ts',
  'test/gateway/handlers/transfer-events.test.ts',
  'test/platform/node/serve-disk-cache.test.ts',
  'test/platform/node/serve-limits.test.ts',
  'test/platform/workers/worker-link-limits.test.ts',
  'test/service/connections.test.ts',
  'test/service/storage.test.ts',
  'test/store/drivers/fs/list-folder.test.ts',
  'test/transfers/drivers/sqlite-many.test.ts',
];

/** What this run leaves out: nothing if it is full, or if its files or folders are named. */
export const leftOut = isFull || process.argv.slice(2).some((word) => word.includes('test/')) ? [] : LONG_TESTS;
