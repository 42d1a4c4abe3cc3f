import type { TestProject } from 'vitest/node';
import { reportSkipped } from '../full.ts';
import { hasCeph, startCeph } from './ceph.ts';
import { fillFixtureBucket, type FixtureBucket } from './fixture-bucket.ts';

/** The address of the S3 server of the tests; `null` if the machine has none. */
declare module 'vitest' {
  interface ProvidedContext {
    readonly s3Endpoint: string | null;
    readonly s3Fixtures: FixtureBucket;
  }
}

/** Starts the S3 server once for all tests of the project, and stops it after them. */
export default async function setup(project: TestProject): Promise<(() => void) | undefined> {
  if (!hasCeph()) {
    reportSkipped('every test over S3', 'because radosgw is not installed; the packages are in test/s3/packages.txt');
    project.provide('s3Endpoint', null);
    project.provide('s3Fixtures', { bucket: 'none', storedAt: 0 });
    return undefined;
  }
  const { endpoint, stop } = await startCeph();
  project.provide('s3Endpoint', endpoint);
  project.provide('s3Fixtures', await fillFixtureBucket(endpoint));
  return stop;
}
