import { streamOf, unreadStreams } from '../../store/chunk-stream.ts';
import type { OutgoingResponse, ReplyBody } from '../../gateway/reply.ts';

/** What is written to a client. */
export interface WritableResponse {
  readonly status: number;
  readonly fields: Iterable<readonly [name: string, value: string]>;
  readonly body: ReplyBody;
}

/** Bytes behind the bodies of Responses, which are written in one piece with the head. */
const wholes = new WeakMap<ReadableStream<Uint8Array>, Uint8Array>();

/**
 * A Response that becomes the web's own only where somebody looks: that takes Node longer than the rest of a small
 * answer. To whoever looks it behaves as one, and `instanceof Response` holds. It is handed out by `toResponse` of the
 * facts that `serve` gives an app; no global is replaced.
 *
 * A class, since a getter of a prototype costs an answer nothing.
 */
class LazyResponse implements Response {
  readonly status: number;
  readonly statusText = '';
  readonly type = 'default';
  readonly url = '';
  readonly redirected = false;
  readonly #answer: OutgoingResponse;
  #headers: Headers | undefined;
  /** Once somebody has looked. */
  #body: ReadableStream<Uint8Array> | undefined;
  #real: Response | undefined;

  constructor(answer: OutgoingResponse) {
    this.status = answer.status;
    this.#answer = answer;
  }

  /** What is sent of a Response, ours or any other. One that was rebuilt around our body still has it. */
  static toWritableResponse(this: void, response: Response): WritableResponse {
    if (!(#answer in response)) {
      return { status: response.status, fields: response.headers, body: sourceOf(response.body) };
    }
    const { status, fields, body } = response.#answer;
    const taken = response.#real?.body ?? response.#body;
    return { status, fields: response.#headers ?? fields, body: taken === undefined ? body : sourceOf(taken) };
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get headers(): Headers {
    this.#headers ??= new Headers(Object.fromEntries(this.#answer.fields));
    return this.#headers;
  }

  /** With this very stream, so that whoever takes it from there has ours. */
  get #web(): Response {
    const { status, headers } = this;
    this.#real ??= new Response(this.body, { status, headers });
    return this.#real;
  }

  get body(): Response['body'] {
    const { body } = this.#answer;
    if (this.#real !== undefined || body === null) return this.#real?.body ?? null;
    this.#body ??= toStream(body);
    return this.#body;
  }

  get bodyUsed(): boolean {
    if (this.#real !== undefined) return this.#real.bodyUsed;
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

/** Makes the Response of an answer. */
export function lazyResponse(answer: OutgoingResponse): Response {
  return new LazyResponse(answer);
}

export const toWritableResponse = LazyResponse.toWritableResponse;

function toStream(body: Exclude<ReplyBody, null>): ReadableStream<Uint8Array> {
  if (body instanceof ReadableStream) return body;
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const stream = streamOf(bytes);
  wholes.set(stream, bytes);
  return stream;
}

/** The bytes behind a stream of which nothing was read, else the stream itself. */
function sourceOf(stream: ReadableStream<Uint8Array> | null): ReplyBody {
  const whole = stream === null || stream.locked || !unreadStreams.has(stream) ? undefined : wholes.get(stream);
  return whole ?? stream;
}
