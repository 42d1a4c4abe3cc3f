import type { CachedBytes } from '../cache/block-cache.ts';
import { defaultReader, type ChunkReader } from './chunk-stream.ts';
import { storeError } from './store-error.ts';
import { within } from './within.ts';

/** A piece of a body, on its way to the client: in memory, or as a stream that can be taken in one of two ways. */
export type Portion = Uint8Array | StreamedPortion;

/** Bytes that come as a stream. */
export interface StreamedPortion {
  /** For native pipes: where it breaks off, the answer does. */
  readonly stream: ReadableStream<Uint8Array>;
  /** For JavaScript: reads it so that it breaks off only where the storage does. Called once at the most. */
  reader(): ChunkReader;
}

/** A stream of the storage, which has its own ways to read on. */
export function storedPortion(stream: ReadableStream<Uint8Array>): StreamedPortion {
  return { stream, reader: () => defaultReader(stream) };
}

/**
 * Bytes as a cache gives them. A stream that breaks off, ends early or is silent for too long is read on from the
 * storage.
 *
 * @param length bytes that the portion has to have
 * @param openRest opens what follows its first so many bytes
 * @param timeout how long it may be silent, in ms
 */
export function cachedPortion(
  bytes: CachedBytes,
  length: number,
  openRest: (from: number) => Promise<ReadableStream<Uint8Array>>,
  timeout: number,
): Portion {
  if (bytes instanceof Uint8Array) return bytes;
  return { stream: bytes, reader: () => mendedReader(bytes, length, openRest, timeout) };
}

function mendedReader(
  stream: ReadableStream<Uint8Array>,
  length: number,
  openRest: (from: number) => Promise<ReadableStream<Uint8Array>>,
  timeout: number,
): ChunkReader {
  let reader = defaultReader(stream);
  let isMended = false;
  let isGivenBack = false;
  let left = length;
  const giveBack = () => reader.cancel().catch(() => undefined);

  async function mend(): Promise<void> {
    // Not waited for: what is silent may stay so.
    void giveBack();
    isMended = true;
    reader = defaultReader(await openRest(length - left));
    if (isGivenBack) await giveBack();
  }

  return {
    async read(max) {
      if (left === 0) return undefined;
      let chunk = isMended ? undefined : await within(timeout, reader.read(max)).catch(() => undefined);
      if (isGivenBack) return undefined;
      if (chunk === undefined) {
        if (!isMended) await mend();
        chunk = await reader.read(max);
      }
      if (chunk === undefined && !isGivenBack) throw storeError('nonsense', `a block ended ${left} bytes early`);
      const taken = chunk?.subarray(0, left);
      left -= taken?.length ?? 0;
      if (left === 0) void giveBack();
      return taken;
    },
    cancel() {
      isGivenBack = true;
      return giveBack();
    },
  };
}

/** Gives back what nobody takes. A stream that somebody reads has a lock, and stays as it is. */
export function discard(bytes: Portion | CachedBytes | undefined): void {
  if (bytes === undefined || bytes instanceof Uint8Array) return;
  const stream = 'stream' in bytes ? bytes.stream : bytes;
  stream.cancel().catch(() => undefined);
}
