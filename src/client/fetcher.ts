import type { HttpHead } from './verdict.ts';

/** A request: GET, unless `method` says something else. */
export interface FetchRequest {
  readonly method?: 'HEAD' | 'POST';
  readonly url: string;
  /** Header fields, names in lower case. */
  readonly fields: Readonly<Record<string, string>>;
  /** The content of a POST, in ASCII. It may be sent twice, so the request has to be idempotent. */
  readonly content?: string;
  /** Aborts the request, and the body of its response. */
  readonly signal: AbortSignal;
}

/** Reads the body of a response. */
export interface BodyReader {
  /**
   * Reads the next bytes. They may be overwritten when `read` is called again. Rejects if the body breaks off.
   *
   * @returns `undefined` at the end
   */
  read(): Promise<Uint8Array | undefined>;
  /** Closes the body before its end. Never rejects. */
  cancel(): Promise<void>;
}

/** A response of any status but a redirect. */
export interface FetchResponse extends HttpHead {
  /** The address that was answered, after all redirects. */
  readonly url: string;
  /** Content codings are undone. */
  readonly body: BodyReader;
  /** Whether the body ends with its connection, so that one that breaks off looks complete. */
  readonly isUnframed: boolean;
}

/**
 * Sends a request, and follows redirects, but for a POST. Rejects if there is no response.
 *
 * The contract suite of `test/client/fetcher-contract.ts` is the definition.
 */
export type Fetcher = (request: FetchRequest) => Promise<FetchResponse>;

/**
 * Makes a {@link Fetcher} over the `fetch` of browsers, Workers, Node, Deno and Bun. Over `https:` it can't see whether
 * a body without a length has an end of its own, as it has in HTTP/2, and takes it as complete.
 */
export function webFetcher(): Fetcher {
  return async ({ method = 'GET', url, fields, content, signal }) => {
    const init: RequestInit = method === 'POST' ? { method, body: content ?? '', redirect: 'manual' } : { method };
    // Chromium's HTTP cache would send conditions of its own, and store gigabytes.
    const response = await fetch(url, { ...init, headers: { ...fields }, signal, cache: 'no-store' });
    return {
      status: response.status,
      fields: response.headers,
      url: response.url === '' ? url : response.url,
      body: bodyReader(response.body),
      isUnframed: method === 'GET' && url.startsWith('http:') && !isFramed(response.headers),
    };
  };
}

/** Bytes that are read at once: Chromium passes on up to 2 MiB. */
const BUFFER_LENGTH = 1024 * 1024;

function bodyReader(body: ReadableStream<Uint8Array<ArrayBuffer>> | null): BodyReader {
  if (body === null) return { read: () => Promise.resolve(undefined), cancel: () => Promise.resolve() };
  const byob = byobReader(body);
  if (byob === undefined) {
    const reader = body.getReader();
    return { read: async () => (await reader.read()).value, cancel: () => cancel(reader) };
  }
  let buffer: ArrayBuffer | undefined;
  return {
    async read() {
      const { done, value } = await byob.read(new Uint8Array(buffer ?? new ArrayBuffer(BUFFER_LENGTH)));
      buffer = value?.buffer;
      return done ? undefined : value;
    },
    cancel: () => cancel(byob),
  };
}

function cancel(reader: ReadableStreamDefaultReader | ReadableStreamBYOBReader): Promise<void> {
  return reader.cancel().catch(() => undefined);
}

/**
 * Reads all chunks of a body into one buffer. Of new ones, Chromium collects hundreds of MiB before it frees them.
 *
 * @returns `undefined` if this body is no stream of bytes
 */
function byobReader(body: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStreamBYOBReader | undefined {
  try {
    return body.getReader({ mode: 'byob' });
  } catch {
    return undefined;
  }
}

function isFramed(headers: Headers): boolean {
  return headers.has('Content-Length') || headers.has('Transfer-Encoding');
}
