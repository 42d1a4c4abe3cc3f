import { fileURLToPath } from 'node:url';
import { OWN_S3_CONFIG, startWorkerd, type WorkerdOptions } from '../../../src/cli/dev/workerd.ts';
import { BUCKET } from '../../contract/odd-s3.ts';
import { describeOddS3, type OddGateway } from '../../contract/odd-s3-answers.ts';
import { workerVariables } from '../../s3/worker-variables.ts';

async function start(endpoint: string, worker: Pick<WorkerdOptions, 'config' | 'environment'>): Promise<OddGateway> {
  const log: string[] = [];
  const { url, stop } = await startWorkerd({
    ...worker,
    host: '127.0.0.1',
    port: 0,
    variables: workerVariables(BUCKET, endpoint),
    onOutput: (line) => void log.push(line),
  });
  return { url, log, stop };
}

const CACHED = fileURLToPath(new URL('../../s3/workers-cache.toml', import.meta.url));

describeOddS3('workerd', false, (endpoint) => start(endpoint, { config: OWN_S3_CONFIG }));
describeOddS3('workerd with a cache of blocks', true, (endpoint) => start(endpoint, { config: CACHED }));
