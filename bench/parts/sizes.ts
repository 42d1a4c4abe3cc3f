import {
  hasPeers,
  lambdaBundle,
  RANGEWAY_R2,
  RANGEWAY_S3,
  RENDER2,
  s3proxyBundle,
  workerSize,
} from '../measure/bundles.ts';
import { inTemporaryFolder } from '../measure/temporary-folder.ts';
import type { Spread } from '../measure/statistics.ts';
import type { FactPart } from './part.ts';

/** Sizes of the deployed bundles, compressed by gzip. */
export const sizes: FactPart = {
  type: 'facts',
  name: 'sizes',
  title: 'Bundles, gzip',
  measure: () =>
    inTemporaryFolder(async (temp) => {
      const peers = hasPeers();
      return [
        {
          name: 'size-worker-r2',
          title: 'Worker over R2',
          unit: 'bytes',
          value: constant(workerSize(RANGEWAY_R2, temp)),
          ...(peers ? { peer: { name: 'render2', value: constant(workerSize(RENDER2, temp)) } } : {}),
        },
        {
          name: 'size-worker-s3',
          title: 'Worker over S3',
          unit: 'bytes',
          value: constant(workerSize(RANGEWAY_S3, temp)),
        },
        {
          name: 'size-lambda',
          title: 'Lambda function',
          unit: 'bytes',
          value: constant(lambdaBundle(temp).size),
          ...(peers ? { peer: { name: 's3proxy', value: constant((await s3proxyBundle(temp)).size) } } : {}),
        },
      ];
    }),
};

/** A size is the same in each round. */
function constant(size: number): Spread {
  return { median: size, min: size, max: size };
}
