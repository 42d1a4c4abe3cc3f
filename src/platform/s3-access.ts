import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';

/** How to reach an S3 API. What is left out is found as the SDK finds it: environment, profile, role. */
export interface S3Access {
  readonly region?: string | undefined;
  /** Of a storage that is not AWS: `https://ACCOUNT.r2.cloudflarestorage.com`. */
  readonly endpoint?: string | undefined;
  /** Bucket in the path and not in the host's name; Ceph and MinIO mostly want it. */
  readonly pathStyle?: boolean | undefined;
  readonly credentials?:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }
    | undefined;
  /** Tries of a request until its head is there, the first included. `s3Storage` heeds it. By default 3. */
  readonly attempts?: number | undefined;
  /** Until a connection stands, in ms. */
  readonly connectTimeout?: number | undefined;
  /** Until the head of the answer is there, in ms. */
  readonly requestTimeout?: number | undefined;
}

/** Until the head of an answer is there, in ms, where nothing else is said. */
export const REQUEST_TIMEOUT = 15_000;

/** A client for reading whole objects and ranges on behalf of others, which sends with this handler. */
export function clientOf(access: S3Access, requestHandler: NonNullable<S3ClientConfig['requestHandler']>): S3Client {
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
