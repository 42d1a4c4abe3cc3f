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

/** Starts a load generator. */
export async function startLoad(): Promise<LoadGenerator> {
  const helper = await startHelper(join(import.meta.dirname, 'main.ts'));
  return {
    pid: helper.pid,
    async run(job) {
      const answer = await helper.ask(job);
      if (typeof answer !== 'object' || answer === null) throw new TypeError('the load generator said nothing');
      if ('result' in answer && isLoadResult(answer.result)) return answer.result;
      throw new Error(`load: ${JSON.stringify(answer)}`);
    },
    stop: () => helper.stop(),
  };
}
