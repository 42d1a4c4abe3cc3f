import {
  hasPeers,
  importTime,
  lambdaBundle,
  RANGEWAY_R2,
  RANGEWAY_S3,
  RENDER2,
  s3proxyBundle,
  workerStart,
  type WorkerSource,
} from '../measure/bundles.ts';
import { repeat } from '../measure/repeat.ts';
import { inTemporaryFolder } from '../measure/temporary-folder.ts';
import type { FactPart } from './part.ts';

const NOTE = '`wrangler check startup`, samples of the profile that are not idle, about one per millisecond';

/** Start times, which the first request waits for. */
export const starting: FactPart = {
  type: 'facts',
  name: 'starting',
  title: 'Starting',
  measure: (rounds) =>
    inTemporaryFolder(async (temp) => {
      const start = (source: WorkerSource) => repeat(rounds, () => workerStart(source, temp) / 1000);
      const lambda = lambdaBundle(temp);
      const peers = hasPeers();
      const s3proxy = peers ? await s3proxyBundle(temp) : undefined;
      return [
        {
          name: 'start-worker-r2',
          title: 'Worker over R2, CPU at start',
          unit: 'ms',
          value: start(RANGEWAY_R2),
          note: NOTE,
          ...(peers ? { peer: { name: 'render2', value: start(RENDER2) } } : {}),
        },
        {
          name: 'start-worker-s3',
          title: 'Worker over S3, CPU at start',
          unit: 'ms',
          value: start(RANGEWAY_S3),
          note: NOTE,
        },
        {
          name: 'import-lambda',
          title: 'Lambda function, loading the module',
          unit: 'ms',
          value: repeat(rounds, () => importTime(lambda)),
          ...(s3proxy === undefined
            ? {}
            : { peer: { name: 's3proxy', value: repeat(rounds, () => importTime(s3proxy)) } }),
        },
      ];
    }),
};
