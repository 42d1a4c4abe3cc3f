import type { S3Client } from '@aws-sdk/client-s3';
import type { StoreConfig } from '../gateway/config.ts';
import { s3Store, type S3Location } from '../store/drivers/s3.ts';
import { withFallback } from '../store/fallback.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { withRetry } from '../store/retry.ts';
import type { ConnectS3, S3Access } from './s3-access.ts';

/** A bucket that follows another, with the same keys and the same credentials. */
export interface Replica {
  readonly bucket: string;
  /** Where it is elsewhere than the first; without either, it is reached as that one is. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
}

/** A bucket, how it is reached, and what follows it. */
export interface S3Source extends S3Location {
  readonly access: S3Access;
  readonly replica?: Replica | undefined;
}

/**
 * A store over a bucket, asked again where it fails for now, and over its replica where it is out of reach.
 *
 * @param client for the first
 * @param connect for the others
 */
export function storageOf(source: S3Source, client: S3Client, connect: ConnectS3): ObjectStore {
  const { access, replica } = source;
  const { attempts: tries } = access;
  const first = withRetry(s3Store(client, source), { tries });
  if (replica === undefined) return first;
  const { bucket, endpoint = access.endpoint, region = access.region } = replica;
  const second = s3Store(connect({ ...access, endpoint, region }), { ...source, bucket });
  return withFallback(first, withRetry(second, { tries }));
}

/** Another bucket of a configuration, reached as the first unless it says otherwise, and with the same credentials. */
export function toS3Source(
  { bucket, endpoint, region, pathStyle, forbidden }: Extract<StoreConfig, { readonly type: 's3' }>,
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
  };
}
