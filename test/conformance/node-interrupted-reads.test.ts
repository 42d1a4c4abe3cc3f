import { createGateway } from '../../src/platform/node/index.ts';
import { serve } from '../../src/platform/node/serve.ts';
import { retryBudget, withRetryBudget } from '../../src/store/wrappers/retry-budget.ts';
import { withInterruptions } from '../store/with-interruptions.ts';
import { describeConformance } from './describe.ts';
import { memoryWithFixtures } from './memory-fixtures.ts';

// Every body breaks once or more: no client may notice.
describeConformance('Node over a storage that keeps breaking', async () => {
  const store = await memoryWithFixtures();
  // Every other body breaks soon, and is read on out of the budget; the others break after what counts as progress.
  const plan = (read: number) =>
    ({ how: read % 4 < 2 ? 'fails' : 'ends', after: read % 2 === 0 ? 1 + (read % 7) ** 5 : 66_000 + read }) as const;
  const broken = withRetryBudget(withInterruptions(store, plan), retryBudget(1_000_000));
  const server = await serve(createGateway({ store: broken, observers: [{ end: () => undefined }] }), { port: 0 });
  return { url: server.url, stop: () => server.stop(1000) };
});
