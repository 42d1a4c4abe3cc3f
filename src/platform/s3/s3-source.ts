import type { S3Client } from '@aws-sdk/client-s3';
import type { StoreConfig } from '../../config/store-config.ts';
import { assertReadable } from './s3-readable.ts';
import { s3Store, type S3Location } from '../../store/drivers/s3/s3-store.ts';
import type { Transport } from '../../store/drivers/s3/transport.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import { withRetry } from '../../store/wrappers/with-retry.ts';
import type { S3Access } from './make-s3-client.ts';

/** A bucket, and how it is reached. */
export interface S3Source extends S3Location {
  readonly access: S3Access;
}

/**
 * Creates a store over a bucket, with retries of transient failures.
 *
 * @param client signs the requests
 * @param transport sends presigned reads
 * @throws SettingsError if the bucket can't be read in the way that `reads` sets
 */
export function openS3Store({ access, ...location }: S3Source, client: S3Client, transport: Transport): ObjectStore {
  assertReadable(location);
  return withRetry(s3Store(client, { ...location, transport }), { tries: access.attempts });
}

/**
 * Returns the source of a bucket that a configuration names.
 *
 * @param access of the default bucket: its credentials, and values that the configuration does not set
 */
export function toS3Source(
  { bucket, endpoint, region, pathStyle, forbidden, reads }: Extract<StoreConfig, { readonly type: 's3' }>,
  access: S3Access,
): S3Source {
  return {
    bucket,
    access: {
      ...access,
      endpoint: endpoint ?? access.endpoint,
      region: region ?? access.region,
      pathStyle: pathStyle ?? access.pathStyle,
    },
    ...(forbidden === undefined ? {} : { forbidden }),
    ...(reads === undefined ? {} : { reads }),
  };
}
