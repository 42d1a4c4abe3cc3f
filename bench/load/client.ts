import { join } from 'node:path';
import { startHelper } from '../helper.ts';
import type { LoadJob, LoadResult } from './job.ts';
import { isLoadResult } from './messages.ts';

/** The load generator, in its own process. */
export interface LoadGenerator {
  readonly pid: number;
  run(job: LoadJob): Promise<LoadResult>;
  stop(): void;
}

/** Starts a load generator in a new process. */
export async function startLoad(): Promise<LoadGenerator> {
  const helper = await startHelper(join(import.meta.dirname, 'main.ts'));
  return {
    pid: helper.pid,
    async run(job) {
      const reply = await helper.send(job);
      if (typeof reply !== 'object' || reply === null) throw new TypeError('the load generator sent no result');
      if ('result' in reply && isLoadResult(reply.result)) return reply.result;
      throw new Error(`load: ${JSON.stringify(reply)}`);
    },
    stop: () => helper.stop(),
  };
}
