import type { S3Client } from '@aws-sdk/client-s3';
import type { StoreConfig } from '../../config/config.ts';
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
 * A store over a bucket, asked again where it fails for now.
 *
 * @throws SettingsError for a bucket that can't be read in the way that is set
 */
export function storageOf({ access, ...location }: S3Source, client: S3Client, transport: Transport): ObjectStore {
  assertReadable(location);
  return withRetry(s3Store(client, { ...location, transport }), { tries: access.attempts });
}

/** Another bucket of a configuration, reached as the first unless it says otherwise, and with the same credentials. */
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
