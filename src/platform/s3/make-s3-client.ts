import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3Access } from './s3-access.ts';

export type { S3Access };

/** Until the head of an answer is there, in ms, where nothing else is said. */
export const REQUEST_TIMEOUT = 15_000;

/** A client for reading whole objects and ranges on behalf of others, which sends with this handler. */
export function makeS3Client(
  access: S3Access,
  requestHandler: NonNullable<S3ClientConfig['requestHandler']>,
): S3Client {
  const { region, endpoint, pathStyle = false, credentials } = access;
  return new S3Client({
    // Regions other than AWS's mean nothing, but signing wants one.
    ...(region === undefined ? (endpoint === undefined ? {} : { region: 'us-east-1' }) : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    forcePathStyle: pathStyle,
    // A failed request is tried again by `withRetry`, within its budget.
    maxAttempts: 1,
    // The default adds a checksum of no bytes to links, as a parameter of the signed query.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    // The default checks a composite checksum against the bytes of a good 206, and fails it at its end.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler,
  });
}
