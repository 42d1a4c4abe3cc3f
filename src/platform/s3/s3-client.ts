import type { S3Client } from '@aws-sdk/client-s3';
import { http1Transport, type Http1Transport } from '../node/http1/http1-transport.ts';
import { makeS3Client, REQUEST_TIMEOUT, type S3Access } from './make-s3-client.ts';

export type { S3Access } from './make-s3-client.ts';

const CONNECT_TIMEOUT = 5_000;

/** Connections at once, per process: a download holds one for as long as its client takes. The SDK's own 50 are soon held. */
const MAX_SOCKETS = 1_000;

/** A client of S3 on Node, for reading alone. Its own connections are used by commands; see {@link s3Transport}. */
export function s3Client(access: S3Access): S3Client {
  const { connectTimeout = CONNECT_TIMEOUT, requestTimeout = REQUEST_TIMEOUT } = access;
  const agent = { maxSockets: MAX_SOCKETS, keepAlive: true };
  // Nothing ends a body that is not read: a slow client lets the storage's connection idle, which is no fault.
  return makeS3Client(access, {
    connectionTimeout: connectTimeout,
    requestTimeout,
    throwOnRequestTimeout: true,
    httpAgent: agent,
    httpsAgent: agent,
  });
}

/** Connections for presigned reads. Bodies come through memory that is used again: decision 0013. */
export function s3Transport({
  connectTimeout = CONNECT_TIMEOUT,
  requestTimeout = REQUEST_TIMEOUT,
}: Pick<S3Access, 'connectTimeout' | 'requestTimeout'> = {}): Http1Transport {
  return http1Transport({ maxSockets: MAX_SOCKETS, connectTimeout, requestTimeout });
}
