import { s3Store, type S3Location } from '../store/drivers/s3.ts';
import { withFallback } from '../store/fallback.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { s3Client, type S3Access } from './s3-client.ts';

/** A bucket that follows another, with the same keys and the same credentials. */
export interface Replica {
  readonly bucket: string;
  /** Where it is elsewhere than the first; without either, it is reached as that one is. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
}

/** A store over a bucket, and over its replica where that bucket is out of reach. */
export function s3Storage(access: S3Access, location: S3Location, replica?: Replica): ObjectStore {
  const first = s3Store(s3Client(access), location);
  if (replica === undefined) return first;
  const { bucket, endpoint = access.endpoint, region = access.region } = replica;
  return withFallback(first, s3Store(s3Client({ ...access, endpoint, region }), { ...location, bucket }));
}
