import type { S3Client } from '@aws-sdk/client-s3';
import type { Transport } from '../store/drivers/s3/transport.ts';
import { clientOf, REQUEST_TIMEOUT, type S3Access } from './s3-access.ts';
import { wireHandler } from './wire/wire-handler.ts';

export type { S3Access } from './s3-access.ts';

const CONNECT_TIMEOUT = 5_000;

/** Connections at once, per process: a download holds one for as long as its client takes. The SDK's own 50 are soon held. */
const MAX_SOCKETS = 1_000;

/** A client of S3 on Node, for reading alone. Its own connections are used by commands; see {@link s3Transport}. */
export function s3Client(access: S3Access): S3Client {
  const { connectTimeout = CONNECT_TIMEOUT, requestTimeout = REQUEST_TIMEOUT } = access;
  const agent = { maxSockets: MAX_SOCKETS, keepAlive: true };
  // Nothing ends a body that is not read: a slow client lets the storage's connection idle, which is no fault.
  return clientOf(access, {
    connectionTimeout: connectTimeout,
    requestTimeout,
    throwOnRequestTimeout: true,
    httpAgent: agent,
    httpsAgent: agent,
  });
}

/** A transport that says how many of its connections are in use, and can be closed. */
export interface S3Transport extends Transport {
  /** Connections of all origins that a request or a body is on. */
  inUse(): number;
  /** Closes idle connections at once, and the others when their answers have come. */
  destroy(): void;
}

/** Connections for presigned reads. Bodies come through memory that is used again: decision 0013. */
export function s3Transport({
  connectTimeout = CONNECT_TIMEOUT,
  requestTimeout = REQUEST_TIMEOUT,
}: Pick<S3Access, 'connectTimeout' | 'requestTimeout'> = {}): S3Transport {
  const handler = wireHandler({ maxSockets: MAX_SOCKETS, connectTimeout, requestTimeout });
  const send: Transport = async ({ method, url, fields, signal }) => {
    const [, protocol = '', hostname = '', port, path = ''] =
      /^(https?:)\/\/([^/?:]+|\[[^\]]+\])(?::(\d+))?(.*)$/.exec(url) ?? [];
    const request = {
      method,
      protocol,
      hostname,
      ...(port === undefined ? {} : { port: Number(port) }),
      path,
      query: {},
      headers: { ...fields },
      clone: () => request,
    };
    const { response } = await handler.handle(request, { abortSignal: signal });
    return { status: response.statusCode, fields: response.headers, body: response.body };
  };
  return Object.assign(send, { inUse: () => handler.inUse(), destroy: () => handler.destroy() });
}
