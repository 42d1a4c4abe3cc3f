import { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { BodyReader, FetchRequest, FetchResponse, Fetcher } from '../../client/fetcher.ts';
import { withoutCredentials } from '../../client/origins.ts';
import { defaultReader } from '../../store/chunk-stream.ts';
import type { TransportResponse } from '../../store/drivers/s3/transport.ts';
import type { Buffering } from './http1/connection.ts';
import type { SmallRequest } from './http1/request-head.ts';
import { http1Transport } from './http1/http1-transport.ts';
import { proxyEnvironment, proxyTransport } from './proxy-transport.ts';

/** The limits of a {@link NodeFetcher}. */
export interface NodeFetcherOptions {
  /** Until a connection is open, and until the head of a response is received, in ms. By default 30,000. */
  readonly timeout?: number;
  /** The address of an HTTP proxy for all requests. By default HTTPS_PROXY and HTTP_PROXY count, but for NO_PROXY. */
  readonly proxy?: string | undefined;
  /**
   * Bytes a second at which bodies are read, if they are read slower than they come. Chunks are smaller then, so that a
   * server sees its bytes being taken each second, and does not give up.
   */
  readonly rateLimit?: number | undefined;
}

/** A {@link Fetcher} on Node's sockets. */
export interface NodeFetcher extends Fetcher {
  /** Closes idle connections at once, and each other one when its response is complete. */
  destroy(): void;
}

/**
 * A download handles each chunk on the main thread and writes it on another, so few large ones cost less: 1.2 s of CPU a
 * GiB with 512 KiB, 1.8 s with 128 KiB.
 */
const MAX_BUFFER = 512 * 1024;

/** A TLS record fits as a whole. */
const MIN_BUFFER = 16 * 1024;

function bufferingAt(rateLimit: number = Number.POSITIVE_INFINITY): Required<Buffering> {
  const bufferSize = Math.max(MIN_BUFFER, Math.min(MAX_BUFFER, Math.floor(rateLimit)));
  return { bufferSize, readAhead: bufferSize / 2 };
}

/** More redirects than this are an error. Browsers have the same limit. */
const MAX_REDIRECTS = 20;

/**
 * Creates a fetcher for downloads on Node: HTTP/1.1 over as many connections as there are requests, without a copy of
 * each body. The head of a response may have 64 KiB.
 */
export function nodeFetcher({ timeout = 30_000, proxy, rateLimit }: NodeFetcherOptions = {}): NodeFetcher {
  const environment = proxyEnvironment(proxy);
  const transport =
    environment === undefined
      ? http1Transport({ maxSockets: 256, connectTimeout: timeout, requestTimeout: timeout, ...bufferingAt(rateLimit) })
      : proxyTransport(environment, timeout);
  return Object.assign((request: FetchRequest) => follow(transport, request), {
    destroy: () => transport.destroy(),
  });
}

type Send = (request: SmallRequest) => Promise<TransportResponse>;

async function follow(send: Send, { method, url, fields, content, signal }: FetchRequest): Promise<FetchResponse> {
  let address = new URL(url);
  let sent = fields;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await send({ method: method ?? 'GET', url: address.href, fields: sent, content, signal });
    const isFollowed = REDIRECTS.has(response.status) && method !== 'POST';
    const location = isFollowed ? response.fields['location'] : undefined;
    if (location === undefined) return toResponse(response, address);
    await response.body?.cancel();
    const next = toTarget(location, address);
    if (next.origin !== address.origin) sent = withoutCredentials(sent);
    address = next;
  }
  throw new Error(`there are more than ${MAX_REDIRECTS} redirects`);
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

function toTarget(location: string, from: URL): URL {
  const target = URL.parse(location, from.href);
  if (target === null || !/^https?:$/.test(target.protocol))
    throw new Error('a redirect leads to no http or https URL');
  // Over plain HTTP, others can change the bytes.
  if (from.protocol === 'https:' && target.protocol === 'http:') throw new Error('a redirect leads from https to http');
  target.hash = '';
  return target;
}

function toResponse({ status, fields, body }: TransportResponse, url: URL): FetchResponse {
  const codings = (fields['content-encoding'] ?? '')
    .toLowerCase()
    .split(/[ \t]*,[ \t]*/)
    .filter((one) => one !== '' && one !== 'identity');
  const isFramed = 'content-length' in fields || 'transfer-encoding' in fields;
  return {
    status,
    url: url.href,
    fields: { get: (name) => fields[name.toLowerCase()] ?? null },
    body: body === undefined ? NO_BODY : codings.length === 0 ? rawBody(body) : decodedBody(body, codings),
    // The end of a coded body is in its coding.
    isUnframed: body !== undefined && !isFramed && codings.length === 0,
  };
}

const NO_BODY: BodyReader = { read: () => Promise.resolve(undefined), cancel: () => Promise.resolve() };

/** Bytes that are read at once, at most. */
const MAX_CHUNK = 1024 * 1024;

function rawBody(body: ReadableStream<Uint8Array>): BodyReader {
  const reader = defaultReader(body);
  return {
    read: () => reader.read(MAX_CHUNK),
    cancel: async () => {
      await reader.cancel().catch(() => undefined);
    },
  };
}

const DECODERS = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress };

function decodedBody(body: ReadableStream<Uint8Array>, codings: readonly string[]): BodyReader {
  const source = rawBody(body);
  async function* chunks() {
    for (;;) {
      const chunk = await source.read();
      if (chunk === undefined) return;
      yield Buffer.from(chunk);
    }
  }
  let stream: Readable = Readable.from(chunks());
  for (const coding of codings.toReversed()) stream = decode(stream, coding);
  // An error while no read waits for it is returned by the next one, and is no uncaught one.
  stream.on('error', () => undefined);
  const iterator = stream[Symbol.asyncIterator]();
  return {
    async read() {
      const next: IteratorResult<Uint8Array, undefined> = await iterator.next();
      return next.value;
    },
    async cancel() {
      stream.destroy();
      await source.cancel();
    },
  };
}

function decode(stream: Readable, coding: string): Readable {
  const create = Object.entries(DECODERS).find(([name]) => name === coding)?.[1];
  if (create === undefined) throw new Error(`the server uses the content coding ${coding}, which is not known here`);
  const decoder = create();
  stream.on('error', (error) => void decoder.destroy(error));
  return stream.pipe(decoder);
}
