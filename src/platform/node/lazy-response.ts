import { bytesStream, unreadStreams } from '../../store/chunk-stream.ts';
import type { OutgoingResponse, ReplyBody } from '../../gateway/reply.ts';

/** A response as it is written to the client. */
export interface WritableResponse {
  readonly status: number;
  readonly fields: Iterable<readonly [name: string, value: string]>;
  readonly body: ReplyBody;
}

/** The bytes of bodies that are complete in memory. They are written together with the head. */
const bytesOfStream = new WeakMap<ReadableStream<Uint8Array>, Uint8Array>();

/**
 * A Response that creates the web Response on first use, which takes Node longer than the rest of a small response. It
 * behaves like a web Response, and `instanceof Response` is true. `serve` passes its factory to the app as
 * `PlatformEnv.toResponse`; no global is replaced.
 *
 * It is a class because getters on a prototype add no cost per response.
 */
class LazyResponse implements Response {
  readonly status: number;
  readonly statusText = '';
  readonly type = 'default';
  readonly url = '';
  readonly redirected = false;
  readonly #outgoing: OutgoingResponse;
  #headers: Headers | undefined;
  /** The stream that `body` returned. */
  #body: ReadableStream<Uint8Array> | undefined;
  #webResponse: Response | undefined;

  constructor(outgoing: OutgoingResponse) {
    this.status = outgoing.status;
    this.#outgoing = outgoing;
  }

  /**
   * Returns the parts to write of any Response. A Response that was rebuilt around our body stream still has its bytes.
   */
  static toWritableResponse(this: void, response: Response): WritableResponse {
    if (!(#outgoing in response)) {
      return { status: response.status, fields: response.headers, body: sourceOf(response.body) };
    }
    const { status, fields, body } = response.#outgoing;
    const stream = response.#webResponse?.body ?? response.#body;
    return { status, fields: response.#headers ?? fields, body: stream === undefined ? body : sourceOf(stream) };
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get headers(): Headers {
    this.#headers ??= new Headers(Object.fromEntries(this.#outgoing.fields));
    return this.#headers;
  }

  /** It has the stream of `body`, so that its bytes are still known here. */
  get #web(): Response {
    const { status, headers } = this;
    this.#webResponse ??= new Response(this.body, { status, headers });
    return this.#webResponse;
  }

  get body(): Response['body'] {
    const { body } = this.#outgoing;
    if (this.#webResponse !== undefined || body === null) return this.#webResponse?.body ?? null;
    this.#body ??= toStream(body);
    return this.#body;
  }

  get bodyUsed(): boolean {
    if (this.#webResponse !== undefined) return this.#webResponse.bodyUsed;
    return this.#body !== undefined && !unreadStreams.has(this.#body);
  }

  clone(): Response {
    return this.#web.clone();
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#web.arrayBuffer();
  }

  blob(): Promise<Blob> {
    return this.#web.blob();
  }

  bytes(): ReturnType<Response['bytes']> {
    return this.#web.bytes();
  }

  formData(): ReturnType<Response['formData']> {
    return this.#web.formData();
  }

  json(): ReturnType<Response['json']> {
    return this.#web.json();
  }

  text(): Promise<string> {
    return this.#web.text();
  }
}

Object.setPrototypeOf(LazyResponse.prototype, Response.prototype);

/** Creates a Response that becomes a web Response when more than its status, headers and body is used. */
export function lazyResponse(outgoing: OutgoingResponse): Response {
  return new LazyResponse(outgoing);
}

/**
 * Returns the status, the fields and the body to write for a Response.
 *
 * @param response a lazy Response, or any other
 * @returns the body as bytes if it is complete in memory and was not read, else as a stream
 */
export const toWritableResponse = LazyResponse.toWritableResponse;

function toStream(body: Exclude<ReplyBody, null>): ReadableStream<Uint8Array> {
  if (body instanceof ReadableStream) return body;
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const stream = bytesStream(bytes);
  bytesOfStream.set(stream, bytes);
  return stream;
}

/** Returns the bytes of a stream that was not read and is complete in memory, else the stream itself. */
function sourceOf(stream: ReadableStream<Uint8Array> | null): ReplyBody {
  const bytes = stream === null || stream.locked || !unreadStreams.has(stream) ? undefined : bytesOfStream.get(stream);
  return bytes ?? stream;
}
