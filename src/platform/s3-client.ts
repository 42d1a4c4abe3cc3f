import type { S3Client } from '@aws-sdk/client-s3';
import { clientOf, REQUEST_TIMEOUT, type S3Access } from './s3-access.ts';
import { wireHandler } from './wire-handler.ts';

export type { S3Access } from './s3-access.ts';

const CONNECT_TIMEOUT = 5_000;

/** Connections at once, per process: a download holds one for as long as its client takes. The SDK's own 50 are soon held. */
const MAX_SOCKETS = 1_000;

/** A client of S3 on Node, for reading alone. Bodies come through memory that is used again: decision 0013. */
export function s3Client(access: S3Access): S3Client {
  const { connectTimeout = CONNECT_TIMEOUT, requestTimeout = REQUEST_TIMEOUT } = access;
  // Nothing ends a body that is not read: a slow client lets the storage's connection idle, which is no fault.
  return clientOf(access, wireHandler({ maxSockets: MAX_SOCKETS, connectTimeout, requestTimeout }));
}
