import { untouched, type ChunkReader } from './chunk-reader.ts';
import { kept } from './lent.ts';

/**
 * A reader as a stream. Whoever opens it with `defaultReader` gets the reader itself: most bodies go through several
 * hands which are all ours, and a web stream in JavaScript costs Node several promises a chunk for each. What `cancel`
 * means is as for streams, whoever reads: see {@link strict}.
 */
export function chunkStream(source: ChunkReader): ReadableStream<Uint8Array> {
  const reader = strict(source);
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        untouched.delete(stream);
        const chunk = await reader.read(Number.MAX_SAFE_INTEGER);
        if (chunk === undefined) controller.close();
        else controller.enqueue(kept(chunk));
      },
      cancel: () => reader.cancel(),
    },
    { highWaterMark: 0 },
  );
  untouched.set(stream, reader);
  return stream;
}

/** Bytes that are all there as a stream, of one chunk. */
export function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let left: Uint8Array | undefined = bytes;
  return chunkStream({
    async read() {
      const chunk = left;
      left = undefined;
      return chunk;
    },
    cancel: async () => undefined,
  });
}

/** A reader that keeps to a stream's rules: cancelled, it is at its end at once; at its end, there is nothing to cancel. */
function strict(reader: ChunkReader): ChunkReader {
  let isOver = false;
  let failure: { readonly error: unknown } | undefined;
  return {
    async read(max) {
      if (failure !== undefined) throw failure.error;
      if (isOver) return undefined;
      try {
        const chunk = await reader.read(max);
        if (isOver) return undefined;
        isOver = chunk === undefined;
        return chunk;
      } catch (error) {
        if (isOver) return undefined;
        isOver = true;
        failure = { error };
        throw error;
      }
    },
    async cancel() {
      if (isOver) return;
      isOver = true;
      await reader.cancel();
    },
  };
}
