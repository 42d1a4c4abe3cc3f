import type { S3Access } from '../platform/s3-client.ts';
import type { Replica } from '../platform/s3-storage.ts';
import { usageError } from './usage.ts';

/** The options that name a bucket and how to reach it. Credentials come from the environment, never from the command line. */
export const S3_OPTIONS = [
  's3',
  'endpoint',
  'region',
  'prefix',
  'fallback',
  'fallback-endpoint',
  'fallback-region',
] as const;

/** A bucket, and how to reach it. */
export interface S3Source {
  readonly bucket: string;
  readonly prefix: string;
  readonly access: S3Access;
  readonly replica: Replica | undefined;
}

type S3Values = Partial<Record<(typeof S3_OPTIONS)[number], string>>;

/**
 * @returns `undefined` without `--s3`
 * @throws UsageError for options that say nothing without it, and for values that can't be right
 */
export function parseS3Source(values: S3Values, pathStyle: boolean): S3Source | undefined {
  const { s3, endpoint, region, prefix } = values;
  if (s3 === undefined) {
    const stray = S3_OPTIONS.find((name) => values[name] !== undefined) ?? (pathStyle ? 'path-style' : undefined);
    if (stray !== undefined) throw usageError(`--${stray} goes with --s3 BUCKET`);
    return undefined;
  }
  assertBucket('s3', s3);
  assertEndpoint('endpoint', endpoint);
  const replica = parseReplica(values);
  return { bucket: s3, prefix: prefix ?? '', access: { endpoint, region, pathStyle }, replica };
}

function parseReplica(values: S3Values): Replica | undefined {
  const { fallback: bucket, 'fallback-endpoint': endpoint, 'fallback-region': region } = values;
  if (bucket === undefined) {
    if (endpoint !== undefined) throw usageError('--fallback-endpoint goes with --fallback BUCKET');
    if (region !== undefined) throw usageError('--fallback-region goes with --fallback BUCKET');
    return undefined;
  }
  assertBucket('fallback', bucket);
  assertEndpoint('fallback-endpoint', endpoint);
  return { bucket, endpoint, region };
}

function assertBucket(option: string, name: string): void {
  if (!/^[\w.-]{3,255}$/.test(name)) throw usageError(`--${option} takes the name of a bucket, not "${name}"`);
}

function assertEndpoint(option: string, address: string | undefined): void {
  if (address === undefined || /^https?:\/\/[^/]+\/?$/.test(address)) return;
  throw usageError(`--${option} takes an address such as https://s3.example.com, not "${address}"`);
}
