import { storeError } from '../store-error.ts';

/** The body as the SDK gives it: a stream of Node's on Node; in workerd a web stream, or a Blob where there is none. */
export type S3Body = ReadableStream<Uint8Array> | NodeBody | object;

/** What this driver uses of a stream of Node's, so that no module of Node's has to be there. */
interface NodeBody extends AsyncIterable<Uint8Array> {
  /** Closes the connection; without it, the pool would keep the socket for a body that nobody reads. */
  destroy(): unknown;
}

/** A body as a web stream that gives its connection back when it is cancelled. */
export function toWebStream(body: S3Body): ReadableStream<Uint8Array> {
  if (isWebStream(body)) return body;
  if (body instanceof Blob) return body.stream();
  if (!isNodeBody(body)) throw new TypeError('the SDK gave a body that is no stream');
  const chunks = body[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await chunks.next().catch((error: unknown) => {
          throw storeError('unavailable', 'S3 broke a body off', error);
        });
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => void body.destroy(),
    },
    { highWaterMark: 0 },
  );
}

function isWebStream(body: S3Body): body is ReadableStream<Uint8Array> {
  return 'getReader' in body;
}

function isNodeBody(body: S3Body): body is NodeBody {
  return Symbol.asyncIterator in body && 'destroy' in body;
}
