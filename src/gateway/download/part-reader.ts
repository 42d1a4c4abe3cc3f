import type { ChunkReader, ToReader } from '../../store/chunk-stream.ts';
import { expectEnd, nextChunk } from '../../store/exact-body.ts';
import type { ConsignedRead } from './plan-body.ts';

/** Carries one answer's reads: counts their bytes, and says which is under way, so that one that hangs can be stopped. */
export interface Courier {
  bytesRead: number;
  /** The read that is under way. */
  reader: ChunkReader | undefined;
}

/** Makes a courier that has carried nothing yet. */
export function startCourier(): Courier {
  return { bytesRead: 0, reader: undefined };
}

/** The bytes of one read that go out, in order. */
export interface PartsReader {
  /**
   * @returns `undefined` at the end
   * @throws StoreError where the body has fewer bytes than it should or more, before its last bytes are given
   */
  next(): Promise<Uint8Array | undefined>;
  /** Gives the storage's connection back, however far it got. Never rejects. */
  end(): Promise<void>;
}

/** Opens a read when it is asked for the first bytes, and gives its parts, each after its head, without those between. */
export function partsReader(read: ConsignedRead, courier: Courier, toReader: ToReader): PartsReader {
  const { span, parts } = read;
  let reader: ChunkReader | undefined;
  let at = span.start;
  let chunk: Uint8Array = NO_BYTES;
  let index = 0;
  let isHeadDue = true;
  let isEnded = false;

  async function begin(): Promise<ChunkReader> {
    const opened = toReader(await read.open());
    courier.reader = opened;
    // Nobody was there to be told while it was opened.
    if (isEnded) await opened.cancel().catch(() => undefined);
    return opened;
  }

  return {
    async next() {
      reader ??= await begin();
      for (;;) {
        const part = parts[index];
        if (part === undefined) return undefined;
        if (isHeadDue) {
          isHeadDue = false;
          if (part.head.length > 0) return part.head;
        }
        if (at >= part.span.end) {
          index++;
          isHeadDue = true;
          continue;
        }
        if (chunk.length === 0) {
          chunk = await nextChunk(reader, span.end - at);
          courier.bytesRead += chunk.length;
        }
        const skipped = Math.min(chunk.length, Math.max(0, part.span.start - at));
        const taken = chunk.subarray(skipped, part.span.end - at);
        at += skipped + taken.length;
        chunk = chunk.subarray(skipped + taken.length);
        if (at === span.end) await expectEnd(reader);
        if (taken.length > 0) return taken;
      }
    },
    async end() {
      isEnded = true;
      await reader?.cancel().catch(() => undefined);
    },
  };
}

const NO_BYTES = new Uint8Array(0);

/**
 * The same for a loop. The storage's connection is given back however it ends.
 *
 * @throws StoreError as {@link PartsReader} does
 */
export async function* readParts(
  read: ConsignedRead,
  courier: Courier,
  toReader: ToReader,
): AsyncGenerator<Uint8Array, undefined> {
  const reader = partsReader(read, courier, toReader);
  try {
    for (;;) {
      const chunk = await reader.next();
      if (chunk === undefined) return undefined;
      yield chunk;
    }
  } finally {
    await reader.end();
  }
}
