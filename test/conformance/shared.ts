import type { ConformingServer } from './describe.ts';

/** One server for several suites, which run one after the other: the next finds the cache as the last has left it. */
export function shared(start: () => Promise<ConformingServer>, suites: number): () => Promise<ConformingServer> {
  let running: Promise<ConformingServer> | undefined;
  let left = suites;
  return async () => {
    running ??= start();
    const { stop, ...server } = await running;
    return {
      ...server,
      async stop() {
        left--;
        if (left === 0) await stop();
      },
    };
  };
}
