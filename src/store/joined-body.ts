import type { CachedBytes } from '../cache/block-cache.ts';
import { defaultReader, type ChunkReader } from './chunk-reader.ts';

/** Pieces of a body, in order. Returned early, it gives back what it holds. */
export type Pieces = AsyncGenerator<CachedBytes, undefined>;

/** Makes one body of pieces, with back-pressure; `length` is the sum of theirs, in bytes. */
export type Join = (pieces: Pieces, length: number) => ReadableStream<Uint8Array>;

/** Joins in JavaScript, a chunk at a time. */
export const portableJoin: Join = (pieces) => {
  let reader: ChunkReader | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const chunk = await reader?.read(Number.MAX_SAFE_INTEGER);
          if (chunk !== undefined) return controller.enqueue(chunk);
          const { done, value } = await pieces.next();
          if (done === true) return controller.close();
          if (value instanceof Uint8Array) return controller.enqueue(value);
          reader = defaultReader(value);
        }
      },
      async cancel() {
        // Not waited for: it ends only with the piece that is under way.
        void pieces.return(undefined).catch(() => undefined);
        await reader?.cancel();
      },
    },
    { highWaterMark: 0 },
  );
};
