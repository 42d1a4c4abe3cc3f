import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3Access } from './s3-access.ts';

export type { S3Access };

/** The default timeout of a request until the head of its response is received, in ms. */
export const REQUEST_TIMEOUT = 15_000;

/**
 * Creates an SDK client with the settings that reading whole objects and ranges needs.
 *
 * @param access region, endpoint and credentials
 * @param requestHandler sends the client's requests
 */
export function makeS3Client(
  access: S3Access,
  requestHandler: NonNullable<S3ClientConfig['requestHandler']>,
): S3Client {
  const { region, endpoint, pathStyle = false, credentials } = access;
  return new S3Client({
    // A storage other than AWS ignores the region, but a signature contains one.
    ...(region === undefined ? (endpoint === undefined ? {} : { region: 'us-east-1' }) : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    forcePathStyle: pathStyle,
    // `withRetry` retries a failed request, within its budget.
    maxAttempts: 1,
    // The default adds the checksum of an empty body to presigned links, as a signed query parameter.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    // The default compares a composite checksum with the bytes of a correct 206, which fails at the end of the body.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler,
  });
}
