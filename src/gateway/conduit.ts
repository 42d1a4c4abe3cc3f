import type { Span } from '../http/index.ts';
import { defaultReader, type ToReader } from '../store/chunk-reader.ts';
import { portableJoin, type Join } from '../store/joined-body.ts';
import { readParts, startCourier, type Courier } from './parts.ts';

/** A body about to be sent: reads of the storage, in order, and the text around their parts. */
export interface Consignment {
  /** Exact length in bytes of everything together. */
  readonly length: number;
  readonly reads: readonly ConsignedRead[];
  /** Goes out after the last part; empty but for multipart. */
  readonly tail: Uint8Array;
  /** Fires when the client leaves, where the platform tells. */
  readonly signal: AbortSignal;
  /** Gives back what was opened ahead. Called however the body ends. */
  readonly close: () => void;
}

/** One read of the storage. */
export interface ConsignedRead {
  /** Opens the read, or hands over a body that is open already. Called once. Throws a StoreError. */
  open(): Promise<ReadableStream<Uint8Array>>;
  /** What the opened body yields. */
  readonly span: Span;
  /** In ascending order, inside `span`. */
  readonly parts: readonly ConsignedPart[];
}

/** Bytes to pass on, and the text that goes out before them; empty but for multipart. */
export interface ConsignedPart {
  readonly head: Uint8Array;
  readonly span: Span;
}

/** How a body ended: whole; broken off because the client left; broken off because the storage failed. */
export type Delivery =
  | { readonly outcome: 'complete'; readonly bytesSent: number; readonly bytesRead: number }
  /** Counts are null where the platform's pipes don't tell. */
  | { readonly outcome: 'aborted'; readonly bytesSent: number | null; readonly bytesRead: number | null }
  | {
      readonly outcome: 'failed';
      readonly bytesSent: number | null;
      readonly bytesRead: number | null;
      readonly cause: unknown;
    };

/** A body on its way. `done` never rejects. */
export interface Dispatch {
  readonly body: ReadableStream<Uint8Array>;
  readonly done: Promise<Delivery>;
}

/** How a platform moves bytes from a storage to a client, with back-pressure. */
export interface Conduit {
  /** Puts a body on its way. */
  dispatch(consignment: Consignment): Dispatch;
  /** Reads a body into JavaScript, in the way that is cheapest here. */
  readonly toReader: ToReader;
  /** Makes one body of pieces out of a cache. */
  readonly join: Join;
  /** Whether a body that needs nothing else stays out of JavaScript. */
  readonly isNative: boolean;
}

/** Moves chunks in JavaScript: for every platform whose web streams are not native, such as Node. */
export const portableConduit: Conduit = {
  dispatch,
  toReader: defaultReader,
  join: portableJoin,
  isNative: false,
};

function dispatch(consignment: Consignment): Dispatch {
  const { promise: done, resolve } = deferred<Delivery>();
  const courier = startCourier();
  const chunks = consignedChunks(consignment, courier);
  let bytesSent = 0;
  let started = false;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        started = true;
        try {
          const { done: ended, value } = await chunks.next();
          if (value !== undefined) {
            bytesSent += value.length;
            controller.enqueue(value);
          }
          if (!ended) return;
          controller.close();
          resolve({ outcome: 'complete', bytesSent, bytesRead: courier.bytesRead });
        } catch (cause) {
          const counts = { bytesSent, bytesRead: courier.bytesRead };
          resolve(
            consignment.signal.aborted ? { outcome: 'aborted', ...counts } : { outcome: 'failed', ...counts, cause },
          );
          throw cause;
        }
      },
      async cancel() {
        resolve({ outcome: 'aborted', bytesSent, bytesRead: courier.bytesRead });
        // A generator that has not begun has nothing to give back, but its first body is open already.
        if (!started) await (await consignment.reads[0]?.open())?.cancel();
        await courier.reader?.cancel();
        await chunks.return(undefined);
        consignment.close();
      },
    },
    { highWaterMark: 0 },
  );
  return { body, done };
}

async function* consignedChunks(
  { reads, tail, close }: Consignment,
  courier: Courier,
): AsyncGenerator<Uint8Array, undefined> {
  try {
    for (const read of reads) yield* readParts(read, courier, defaultReader);
    if (tail.length > 0) yield tail;
  } finally {
    close();
  }
}

/** `Promise.withResolvers` for Node 20, which has none yet. Only the first `resolve` counts. */
function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  const resolvers: ((value: T) => void)[] = [];
  const promise = new Promise<T>((resolve) => resolvers.push(resolve));
  return { promise, resolve: (value) => resolvers[0]?.(value) };
}
