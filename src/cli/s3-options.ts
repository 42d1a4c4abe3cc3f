import type { S3Access } from '../platform/s3-client.ts';
import { usageError } from './usage.ts';

/** The options that name a bucket and how to reach it. Credentials come from the environment, never from the command line. */
export const S3_OPTIONS = ['s3', 'endpoint', 'region', 'prefix'] as const;

/** A bucket, and how to reach it. */
export interface S3Source {
  readonly bucket: string;
  readonly prefix: string;
  readonly access: S3Access;
}

type S3Values = Partial<Record<(typeof S3_OPTIONS)[number], string>>;

/**
 * @returns `undefined` without `--s3`
 * @throws UsageError for options that say nothing without it, and for values that can't be right
 */
export function parseS3Source({ s3, endpoint, region, prefix }: S3Values, pathStyle: boolean): S3Source | undefined {
  if (s3 === undefined) {
    const [stray] = Object.entries({ endpoint, region, prefix, 'path-style': pathStyle || undefined }).flatMap(
      ([name, value]) => (value === undefined ? [] : [name]),
    );
    if (stray !== undefined) throw usageError(`--${stray} goes with --s3 BUCKET`);
    return undefined;
  }
  if (!/^[\w.-]{3,255}$/.test(s3)) throw usageError(`--s3 takes the name of a bucket, not "${s3}"`);
  if (endpoint !== undefined && !/^https?:\/\/[^/]+\/?$/.test(endpoint)) {
    throw usageError(`--endpoint takes an address such as https://s3.example.com, not "${endpoint}"`);
  }
  return { bucket: s3, prefix: prefix ?? '', access: { endpoint, region, pathStyle } };
}
