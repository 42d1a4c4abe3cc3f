import type { S3Client } from '@aws-sdk/client-s3';
import type { ObjectStore } from '../../store/object-store.ts';
import { s3Client, s3Transport } from './s3-client.ts';
import { openS3Store, type S3Source } from './s3-source.ts';

export { indexedBucket } from './indexed-bucket.ts';
export { checkS3, type S3Check } from './check-s3.ts';
export { toS3Source, type S3Source } from './s3-source.ts';

/**
 * Creates a store over an S3 bucket on Node or Lambda, with its own connections and retries of transient failures.
 *
 * @param source the bucket, and how it is reached
 * @param client an existing client to sign the requests; by default one is created from `source.access`
 * @throws SettingsError if the bucket can't be read in the way that `source.reads` sets
 *
 * @example
 * import { createGateway, serve } from 'rangeway/node';
 * import { s3Storage } from 'rangeway/s3';
 *
 * const store = s3Storage({ bucket: 'releases', prefix: 'public/', access: { region: 'eu-west-1' } });
 * await serve(createGateway({ store }), { port: 8080 });
 */
export function s3Storage(source: S3Source, client: S3Client = s3Client(source.access)): ObjectStore {
  return openS3Store(source, client, s3Transport(source.access));
}
