import { STORAGE_ADDRESS, withoutUser } from '../config/urls.ts';
import type { S3Source } from '../platform/s3/s3-storage.ts';
import { usageError } from './usage.ts';

/** The options for a bucket and its endpoint. Credentials are read from the environment, never from the command line. */
const S3_OPTIONS = ['s3', 'endpoint', 'region', 'prefix'] as const;

/** A bucket, its prefix (may be empty), and how it is reached. */
export type ParsedSource = S3Source & { readonly prefix: string };

type S3Values = Partial<Record<(typeof S3_OPTIONS)[number], string>>;

/**
 * Reads the options of a bucket.
 *
 * @returns `undefined` without `--s3`
 * @throws UsageError for an option that has no effect without `--s3`, or a value that can't be right
 */
export function parseS3Source(values: S3Values, pathStyle: boolean): ParsedSource | undefined {
  const { s3, endpoint, region, prefix } = values;
  if (s3 === undefined) {
    const stray = S3_OPTIONS.find((name) => values[name] !== undefined) ?? (pathStyle ? 'path-style' : undefined);
    if (stray !== undefined) throw usageError(`--${stray} goes with --s3 BUCKET`);
    return undefined;
  }
  assertBucket('s3', s3);
  assertEndpoint('endpoint', endpoint);
  return { bucket: s3, prefix: prefix ?? '', access: { endpoint, region, pathStyle } };
}

function assertBucket(option: string, name: string): void {
  if (!/^[\w.-]{3,255}$/.test(name)) throw usageError(`--${option} takes the name of a bucket, not "${name}"`);
}

function assertEndpoint(option: string, address: string | undefined): void {
  if (address === undefined || (STORAGE_ADDRESS.test(address) && URL.canParse(address))) return;
  throw usageError(`--${option} takes an address such as https://s3.example.com, not "${withoutUser(address)}"`);
}
