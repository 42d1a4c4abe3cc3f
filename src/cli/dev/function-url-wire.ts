import { PassThrough } from 'node:stream';
import type { AwsLambda, Prelude, ResponseStream } from '../../platform/lambda/streamed.ts';

/** The stream between the runtime and the function URL: the handler writes to it, the URL reads from it. */
export interface Wire {
  readonly stream: ResponseStream;
  /** The content type that the handler has set: it tells whether the stream begins with a prelude. Empty at first. */
  readonly contentType: () => string;
  readonly bytes: PassThrough;
  /** Breaks the stream, as Lambda does if the handler rejects. */
  fail(error: unknown): void;
}

/** An item of the stream: the head once, then pieces of the body. */
export type WireItem =
  | { readonly type: 'head'; readonly prelude: Prelude }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array };

const INTEGRATION_TYPE = 'application/vnd.awslambda.http-integration-response';

/** Ends the prelude; JSON has no NUL. */
const DELIMITER = Buffer.alloc(8);

/** The maximum length of a prelude, in bytes. */
const MAX_PRELUDE = 64 * 1024;

interface Hooks {
  contentType: string;
  /** Written before the first write; lost if there is no write, as in Lambda's runtime. */
  prelude: Buffer | undefined;
}

const hooksOf = new WeakMap<ResponseStream, Hooks>();

/** Opens a wire with a small buffer, so that a slow reader slows the handler. */
export function openWire(): Wire {
  const bytes = new PassThrough({ highWaterMark: 64 * 1024 });
  // The reader of the wire gets the error too.
  bytes.on('error', () => undefined);
  const hooks: Hooks = { contentType: '', prelude: undefined };
  const stream: ResponseStream = {
    get destroyed() {
      return bytes.destroyed;
    },
    write(chunk) {
      const { prelude } = hooks;
      hooks.prelude = undefined;
      if (prelude !== undefined) bytes.write(prelude);
      return bytes.write(chunk);
    },
    end: () => bytes.end(),
    destroy: (error) => bytes.destroy(error),
    on: (event, listener) => bytes.on(event, listener),
    once: (event, listener) => bytes.once(event, listener),
    // In Lambda's runtime only the runtime listens. Here, the reader of the wire listens too.
    removeAllListeners: () => undefined,
    off: (event, listener) => bytes.off(event, listener),
  };
  hooksOf.set(stream, hooks);
  return {
    stream,
    bytes,
    contentType: () => hooks.contentType,
    fail: (error) => bytes.destroy(error instanceof Error ? error : new Error('the handler failed', { cause: error })),
  };
}

/** Defines the global `awslambda` of Lambda's runtime. */
export function installRuntime(): void {
  globalThis.awslambda = { ...globalThis.awslambda, ...runtime };
}

const runtime: AwsLambda = {
  streamifyResponse: (handler) => handler,
  HttpResponseStream: {
    from(stream, prelude) {
      const hooks = hooksOf.get(stream);
      if (hooks === undefined) throw new TypeError('this is not the stream that the handler was given');
      hooks.contentType = INTEGRATION_TYPE;
      hooks.prelude = Buffer.concat([Buffer.from(JSON.stringify(prelude)), DELIMITER]);
      return stream;
    },
  },
};

/**
 * Reads the stream as the function URL does. Without a prelude, the response is 200 with the bytes as they are.
 *
 * @throws the error that broke the stream
 */
export async function* readWire({ bytes, contentType }: Wire): AsyncGenerator<WireItem, undefined> {
  let held: Buffer = Buffer.alloc(0);
  let begun = false;
  for await (const chunk of chunksOf(bytes)) {
    if (begun) {
      yield { type: 'bytes', bytes: chunk };
      continue;
    }
    held = Buffer.concat([held, chunk]);
    const end = contentType() === INTEGRATION_TYPE ? held.indexOf(DELIMITER) : 0;
    if (end < 0 && held.length > MAX_PRELUDE) throw new Error(`no prelude in ${MAX_PRELUDE} bytes`);
    if (end < 0) continue;
    begun = true;
    const isPlain = contentType() !== INTEGRATION_TYPE;
    yield { type: 'head', prelude: isPlain ? PLAIN : toPrelude(held.subarray(0, end).toString()) };
    const rest = isPlain ? held : held.subarray(end + DELIMITER.length);
    if (rest.length > 0) yield { type: 'bytes', bytes: rest };
  }
  if (!begun) yield { type: 'head', prelude: PLAIN };
}

const PLAIN: Prelude = { statusCode: 200, headers: { 'content-type': 'application/octet-stream' } };

async function* chunksOf(bytes: PassThrough): AsyncGenerator<Buffer, undefined> {
  for await (const chunk of bytes) if (Buffer.isBuffer(chunk)) yield chunk;
}

function toPrelude(text: string): Prelude {
  const value: unknown = JSON.parse(text);
  const isHead = typeof value === 'object' && value !== null && 'statusCode' in value && 'headers' in value;
  if (!isHead || typeof value.statusCode !== 'number') throw new Error('the prelude has no status');
  const headers = Object.entries(value.headers ?? {}).map(([name, field]) => [name, String(field)] as const);
  const cookies = 'cookies' in value && Array.isArray(value.cookies) ? value.cookies.map(String) : undefined;
  const head = { statusCode: value.statusCode, headers: Object.fromEntries(headers) };
  return cookies === undefined ? head : { ...head, cookies };
}
