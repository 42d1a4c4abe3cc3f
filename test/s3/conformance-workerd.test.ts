import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { OWN_S3_CONFIG, startWorkerd, type WorkerdOptions } from '../../src/cli/dev/workerd.ts';
import { describeConformance } from '../conformance/describe.ts';
import { shared } from '../conformance/shared.ts';
import { fixtureBucket, hasS3, workerVariables } from './server.ts';

const OWN = { config: OWN_S3_CONFIG } as const;
const CACHED = { config: fileURLToPath(new URL('workers-cache.toml', import.meta.url)) } as const;

async function startOver(bucket: string, worker: Pick<WorkerdOptions, 'config' | 'environment'> = OWN) {
  return startWorkerd({
    ...worker,
    host: '127.0.0.1',
    port: 0,
    variables: workerVariables(bucket),
  });
}

describe.skipIf(!hasS3)('S3', () => {
  const start = async (worker: Pick<WorkerdOptions, 'config' | 'environment'>) => {
    const { bucket, storedAt } = fixtureBucket();
    const { url, stop } = await startOver(bucket, worker);
    return { url, stop, storedAt };
  };
  describeConformance('workerd over S3', () => start(OWN), { dropsEmptyFields: true });

  const cached = shared(() => start(CACHED), 2);
  describeConformance('workerd over S3 with blocks, cold', cached, { dropsEmptyFields: true });
  describeConformance('workerd over S3 with blocks, warm', cached, { dropsEmptyFields: true });

  test('XML errors are parsed in workerd: a missing bucket is an error, not a missing object', async () => {
    const workerd = await startOver('no-such-bucket');
    expect((await fetch(`${workerd.url}/key`)).status).toBe(502);
    await workerd.stop();
  });
});
