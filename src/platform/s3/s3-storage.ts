import type { S3Client } from '@aws-sdk/client-s3';
import type { ObjectStore } from '../../store/object-store.ts';
import { s3Client, s3Transport } from './s3-client.ts';
import { storageOf, type S3Source } from './s3-source.ts';

export { checkS3, type S3Check } from './check-s3.ts';
export { toS3Source, type S3Source } from './s3-source.ts';

/**
 * A store over a bucket, asked again where it fails for now.
 *
 * @param client that reads it, where there is one already
 */
export function s3Storage(source: S3Source, client: S3Client = s3Client(source.access)): ObjectStore {
  return storageOf(source, client, s3Transport(source.access));
}
