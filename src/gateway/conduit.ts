import type { Span } from '../http/index.ts';
import { defaultReader, type ToReader } from '../store/chunk-reader.ts';
import { chunkStream } from '../store/chunk-stream.ts';
import { portableJoin, type Join } from '../store/joined-body.ts';
import { partsReader, startCourier, type Courier, type PartsReader } from './parts.ts';

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
  const counts = () => ({ bytesSent, bytesRead: courier.bytesRead });
  const body = chunkStream({
    async read() {
      started = true;
      try {
        const chunk = await chunks.next();
        if (chunk === undefined) resolve({ outcome: 'complete', ...counts() });
        else bytesSent += chunk.length;
        return chunk;
      } catch (cause) {
        await chunks.end();
        resolve(
          consignment.signal.aborted ? { outcome: 'aborted', ...counts() } : { outcome: 'failed', ...counts(), cause },
        );
        throw cause;
      }
    },
    async cancel() {
      resolve({ outcome: 'aborted', ...counts() });
      // What has not begun has nothing to give back, but its first body is open already.
      if (!started) await (await consignment.reads[0]?.open())?.cancel();
      await chunks.end();
    },
  });
  return { body, done };
}

/** All bytes of a consignment, one read after the other. */
function consignedChunks({ reads, tail, close }: Consignment, courier: Courier): PartsReader {
  let index = 0;
  let current: PartsReader | undefined;
  return {
    async next() {
      for (;;) {
        const read = reads[index];
        if (read === undefined) {
          if (index++ > reads.length || tail.length === 0) return undefined;
          return tail;
        }
        current ??= partsReader(read, courier, defaultReader);
        const chunk = await current.next();
        if (chunk !== undefined) return chunk;
        await current.end();
        current = undefined;
        index++;
      }
    },
    async end() {
      close();
      await current?.end();
    },
  };
}

/** `Promise.withResolvers` for Node 20, which has none yet. Only the first `resolve` counts. */
function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  const resolvers: ((value: T) => void)[] = [];
  const promise = new Promise<T>((resolve) => resolvers.push(resolve));
  return { promise, resolve: (value) => resolvers[0]?.(value) };
}
