import type { S3Client } from '@aws-sdk/client-s3';
import { http1Transport, type Http1Transport } from '../node/http1/http1-transport.ts';
import { makeS3Client, REQUEST_TIMEOUT, type S3Access } from './make-s3-client.ts';

export type { S3Access } from './make-s3-client.ts';

const CONNECT_TIMEOUT = 5_000;

/**
 * The most connections of a process: a slow client occupies one for its whole download, so the SDK's default of 50 is
 * too low.
 */
const MAX_SOCKETS = 1_000;

/**
 * Creates an S3 client of the SDK for reading on Node. It signs requests, and sends those of `reads: "commands"` on its
 * own connections; presigned reads use those of {@link s3Transport}.
 *
 * @example
 * import { s3Client, s3Store, s3Transport } from 'rangeway/s3';
 *
 * const client = s3Client({ region: 'eu-west-1' });
 * export const store = s3Store(client, { bucket: 'releases', transport: s3Transport() });
 */
export function s3Client(access: S3Access): S3Client {
  const { connectTimeout = CONNECT_TIMEOUT, requestTimeout = REQUEST_TIMEOUT } = access;
  const agent = { maxSockets: MAX_SOCKETS, keepAlive: true };
  // There is no timeout for a body: behind a slow client the storage's connection is idle, which is no failure.
  return makeS3Client(access, {
    connectionTimeout: connectTimeout,
    requestTimeout,
    throwOnRequestTimeout: true,
    httpAgent: agent,
    httpsAgent: agent,
  });
}

/**
 * Creates the HTTP/1.1 client for presigned reads on Node. It reads bodies into reused buffers (docs/decisions/0013).
 *
 * @param access timeouts in ms: `connectTimeout` by default 5 seconds, `requestTimeout` by default 15 seconds
 */
export function s3Transport({
  connectTimeout = CONNECT_TIMEOUT,
  requestTimeout = REQUEST_TIMEOUT,
}: Pick<S3Access, 'connectTimeout' | 'requestTimeout'> = {}): Http1Transport {
  return http1Transport({ maxSockets: MAX_SOCKETS, connectTimeout, requestTimeout });
}
