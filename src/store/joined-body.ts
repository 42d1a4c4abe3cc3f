import { chunkStream, type ChunkReader } from './chunk-stream.ts';
import { discard, type Portion } from './portion.ts';

/** Portions of a body, in order. Returned early, it gives back all that it holds, at once. */
export interface Pieces extends AsyncIterable<Portion, undefined> {
  next(): Promise<IteratorResult<Portion, undefined>>;
  /** May be called while `next` waits. Never rejects. */
  return(): Promise<IteratorReturnResult<undefined>>;
  [Symbol.asyncIterator](): Pieces;
}

/** Makes one body of pieces, with back-pressure; `length` is the sum of theirs, in bytes. */
export type Join = (pieces: Pieces, length: number) => ReadableStream<Uint8Array>;

/** Joins in JavaScript, a chunk at a time. */
export const portableJoin: Join = (pieces) => {
  let reader: ChunkReader | undefined;

  async function take(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = await reader?.read(Number.MAX_SAFE_INTEGER);
      if (chunk !== undefined) return chunk;
      const { value } = await pieces.next();
      if (value === undefined || value instanceof Uint8Array) return value;
      reader = value.reader();
    }
  }

  return chunkStream({
    async read() {
      try {
        return await take();
      } catch (error) {
        // A stream that fails is not cancelled: nobody else gives back what is left.
        await pieces.return();
        throw error;
      }
    },
    async cancel() {
      await pieces.return();
      await reader?.cancel();
    },
  });
};

/** Pieces that are all there already. */
export function listed(portions: readonly Portion[]): Pieces {
  const left = [...portions];
  const pieces: Pieces = {
    async next() {
      const value = left.shift();
      return value === undefined ? { done: true, value } : { done: false, value };
    },
    async return() {
      for (const portion of left.splice(0)) discard(portion);
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => pieces,
  };
  return pieces;
}
