import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LoadJob, RequestPattern } from '../../bench/load/job.ts';
import { runJob } from '../../bench/load/run-job.ts';
import { catalogue } from '../../bench/origin/objects.ts';
import { startOrigin, type Origin } from '../../bench/origin/server.ts';

const MiB = 1024 ** 2;
const objects = catalogue(16 * MiB);
let origin: Origin;

beforeAll(async () => {
  origin = await startOrigin(Object.values(objects));
});

afterAll(() => origin.stop());

function job(pattern: RequestPattern, changes: Partial<LoadJob> = {}): LoadJob {
  const object = changes.object ?? objects.large;
  const path = `/bench/${object.key}`;
  const status = pattern.form === 'whole' ? 200 : 206;
  const limit = { requests: 4 };
  return { port: origin.port, path, object, pattern, fields: {}, connections: 2, limit, status, ...changes };
}

describe('the origin sends the requested bytes to the load generator', () => {
  test.for<[string, RequestPattern, number]>([
    ['whole', { form: 'whole' }, 16 * MiB],
    ['random', { form: 'random', length: 100_000 }, 100_000],
    ['from', { form: 'from', start: 15 * MiB }, MiB],
    ['suffix', { form: 'suffix', length: 7 }, 7],
  ])('%s', async ([, pattern, length]) => {
    const before = { ...origin.counts };
    const result = await runJob(job(pattern));
    expect(result).toMatchObject({ requests: 4, bytes: 4 * length, failures: 0 });
    expect(origin.counts).toEqual({ requests: before.requests + 4, bytes: before.bytes + 4 * length });
  });

  test('ranges of 1 TB', async () => {
    expect(await runJob(job({ form: 'random', length: 65_536 }, { object: objects.huge }))).toMatchObject({
      requests: 4,
      failures: 0,
    });
  });
});

describe('the load generator reports', () => {
  test('another status, and does not read the body, which would be 1 TB', async () => {
    const several = job({ form: 'several', count: 2, length: 10 }, { object: objects.huge, connections: 1 });
    expect(await runJob(several)).toMatchObject({ requests: 0, failures: 1, failure: 'answers 200' });
  });

  test('bytes of another position', async () => {
    const shifted = job({ form: 'random', length: 100 }, { fields: { Range: 'bytes=5-104' }, connections: 1 });
    expect(await runJob(shifted)).toMatchObject({ requests: 0, failure: 'sends wrong bytes' });
  });

  test('bodies that are too short', async () => {
    const shorter = job({ form: 'from', start: 0 }, { fields: { Range: 'bytes=0-99' }, connections: 1 });
    expect(await runJob(shorter)).toMatchObject({ requests: 0, failure: `sends 100 bytes instead of ${16 * MiB}` });
  });
});
