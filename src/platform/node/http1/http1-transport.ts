import { chunkStream } from '../../../store/chunk-stream.ts';
import type { Transport, TransportResponse } from '../../../store/drivers/s3/transport.ts';
import type { Buffering } from './connection.ts';
import { connectionsTo, type Connections } from './connections.ts';
import { parseOrigin, parseTarget, printRequestHead, type SmallRequest } from './request-head.ts';

/** The limits of a transport. */
export interface Http1Options extends Buffering {
  /** Connections to one origin at once. Further requests wait. */
  readonly maxSockets: number;
  /** Until a connection is open, TLS included, in ms. */
  readonly connectTimeout: number;
  /** From sending the request until the head of its response is received, in ms. */
  readonly requestTimeout: number;
}

/** A {@link Transport} over persistent connections. */
export interface Http1Transport extends Transport {
  (request: SmallRequest): Promise<TransportResponse>;
  /** Returns how many connections, of all origins, have a request or a body in progress. */
  inUse(): number;
  /** Closes idle connections at once, and each other one when its response is complete. */
  destroy(): void;
}

interface Pool {
  readonly authority: string;
  readonly connections: Connections;
}

/**
 * Creates an HTTP/1.1 client for reading from storages, on Node's sockets (RFC 9112). Bodies are read into reused
 * buffers (docs/decisions/0013), and `defaultReader` reads them without a copy.
 *
 * If an idle connection was closed before a byte of the response arrived, the request is sent once more. There are no
 * proxies, no HTTP/2, and no content but a short text. Certificates are verified against Node's own list and
 * NODE_EXTRA_CA_CERTS.
 *
 * @returns a function that sends a request. It rejects with
 *   - a TypeError if the address is not absolute, not encoded or of another scheme than http and https, or if a field
 *     is malformed or reserved: host, connection and those that frame a body;
 *   - an Error with the code of the socket's or TLS's error, or a TimeoutError;
 *   - an Error with a cause if the response is not HTTP/1.1 or is ambiguous.
 */
export function http1Transport({ maxSockets, requestTimeout, ...options }: Http1Options): Http1Transport {
  const pools = new Map<string, Pool>();

  function poolOf(origin: string): Pool {
    const existing = pools.get(origin);
    if (existing !== undefined) return existing;
    const { authority, ...address } = parseOrigin(origin);
    const pool = { authority, connections: connectionsTo(address, { max: maxSockets, ...options }) };
    pools.set(origin, pool);
    return pool;
  }

  const send = async ({ method, url, fields, content, signal }: SmallRequest): Promise<TransportResponse> => {
    const { origin, path } = parseTarget(url);
    const { authority, connections } = poolOf(origin);
    const head = printRequestHead({ method, fields, content }, authority, path);
    const response = await connections.send({ method, head, timeout: requestTimeout, signal });
    return {
      status: response.head.status,
      fields: response.head.fields,
      body: response.head.framing.type === 'none' ? undefined : chunkStream(response.body),
    };
  };

  return Object.assign(send, {
    inUse: () => [...pools.values()].reduce((sum, { connections }) => sum + connections.inUse, 0),
    destroy() {
      for (const { connections } of pools.values()) connections.close();
    },
  });
}
