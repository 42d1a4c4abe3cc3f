import { Arn, ArnFormat, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { PIECES_FOLDER } from '../src/digests/piece-index.ts';
import type { ObjectBucket } from './bucket.ts';

/** A place of piece indexes: that of the setting `pieces`. */
export interface PiecePlace {
  /** Absent for the bucket of the objects. */
  readonly bucket: string | undefined;
  readonly prefix: string;
}

/** Returns the places that settings name, those of mounts included, without repetitions. */
export function piecePlaces({ pieces, mounts = [] }: Readonly<Record<string, unknown>>): readonly PiecePlace[] {
  const written = [pieces, ...(Array.isArray(mounts) ? mounts.map((mount: unknown) => memberOf(mount, 'pieces')) : [])];
  const places = written
    .filter((one) => one !== undefined && one !== false)
    .map((one) => ({ bucket: textOf(one, 'bucket'), prefix: textOf(one, 'prefix') ?? '' }));
  return [...new Map(places.map((place) => [JSON.stringify([place.bucket, place.prefix]), place])).values()];
}

/** Returns the pattern of the keys of all indexes at a place. */
export function indexKeys({ prefix }: PiecePlace): string {
  return `${prefix}${PIECES_FOLDER}*`;
}

/** Returns the ARN of all indexes at a place. */
export function indexesArn(scope: Construct, bucket: ObjectBucket, place: PiecePlace): string {
  return place.bucket === undefined
    ? bucket.arnForObjects(indexKeys(place))
    : bucketArn(scope, `${place.bucket}/${indexKeys(place)}`);
}

/** Returns the ARN of a bucket in the stack's partition, or with a `/` of objects in it. */
export function bucketArn(scope: Construct, resource: string): string {
  const parts = { service: 's3', region: '', account: '', resource, arnFormat: ArnFormat.NO_RESOURCE_NAME };
  return Arn.format(parts, Stack.of(scope));
}

/**
 * Allows to list, so that S3 answers 404 for a missing key and not 403. It takes the key that is asked for as
 * `s3:prefix`.
 *
 * @param patterns of keys; none for all
 */
export function listStatement(arn: string, patterns: readonly string[]): PolicyStatement {
  const [first, ...others] = patterns;
  return new PolicyStatement({
    effect: Effect.ALLOW,
    actions: ['s3:ListBucket'],
    resources: [arn],
    ...(first === undefined
      ? {}
      : { conditions: { StringLike: { 's3:prefix': others.length === 0 ? first : patterns } } }),
  });
}

function textOf(value: unknown, name: string): string | undefined {
  const member = memberOf(value, name);
  return typeof member === 'string' ? member : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
