import { chunkStream } from '../../../store/chunk-stream.ts';
import type { Transport } from '../../../store/drivers/s3/transport.ts';
import { connectionsTo, type Connections } from './connections.ts';
import { parseOrigin, parseTarget, printRequestHead } from './request-head.ts';

/** How a transport connects. */
export interface Http1Options {
  /** Connections to one origin at once. Further requests wait. */
  readonly maxSockets: number;
  /** Until a connection stands, TLS included, in ms. */
  readonly connectTimeout: number;
  /** From the request on its connection until the head of its answer is there, in ms. */
  readonly requestTimeout: number;
}

/** A {@link Transport} with connections that are used again. */
export interface Http1Transport extends Transport {
  /** Connections of all origins that a request or a body is on. */
  inUse(): number;
  /** Closes idle connections at once, and the others when their answers have come. */
  destroy(): void;
}

interface Pool {
  readonly authority: string;
  readonly connections: Connections;
}

/**
 * HTTP/1.1 on Node's sockets for reading from storages (RFC 9112). Bodies are read into memory that is used again
 * (decision 0013): `defaultReader` gives them without a copy.
 *
 * A request is sent once more where its idle connection was closed before a byte of the answer came. No proxy, no
 * HTTP/2, no request with a body. Certificates are checked against Node's own list and NODE_EXTRA_CA_CERTS.
 *
 * @throws TypeError (as a rejection) for an address that is not absolute, not encoded or of another scheme than http
 *   and https, and for a field that is none or is not the caller's to set: host, connection and those of a body
 * @throws Error with the socket's or TLS's error code; TimeoutError; an Error with a cause for an answer that is not
 *   HTTP/1.1 or that can be read in two ways
 */
export function http1Transport({ maxSockets, connectTimeout, requestTimeout }: Http1Options): Http1Transport {
  const pools = new Map<string, Pool>();

  function poolOf(origin: string): Pool {
    const known = pools.get(origin);
    if (known !== undefined) return known;
    const { authority, ...to } = parseOrigin(origin);
    const made = { authority, connections: connectionsTo(to, { most: maxSockets, connectTimeout }) };
    pools.set(origin, made);
    return made;
  }

  const send: Transport = async ({ method, url, fields, signal }) => {
    const { origin, path } = parseTarget(url);
    const { authority, connections } = poolOf(origin);
    const head = printRequestHead({ method, fields }, authority, path);
    const answer = await connections.ask({ method, head, timeout: requestTimeout, signal });
    return {
      status: answer.head.status,
      fields: answer.head.fields,
      body: answer.head.framing.type === 'none' ? undefined : chunkStream(answer.body),
    };
  };

  return Object.assign(send, {
    inUse: () => [...pools.values()].reduce((sum, { connections }) => sum + connections.inUse, 0),
    destroy() {
      for (const { connections } of pools.values()) connections.close();
    },
  });
}
