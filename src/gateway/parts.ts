import type { ChunkReader, ToReader } from '../store/chunk-reader.ts';
import { storeError } from '../store/store-error.ts';
import type { ConsignedRead } from './conduit.ts';

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

/**
 * Opens a read and yields its parts, each after its head, dropping the bytes between them. The storage's connection
 * is given back however it ends.
 *
 * @throws StoreError where the body has fewer bytes than it should or more, before its last bytes are yielded
 */
export async function* readParts(
  read: ConsignedRead,
  courier: Courier,
  toReader: ToReader,
): AsyncGenerator<Uint8Array, undefined> {
  const { span, parts } = read;
  const reader = toReader(await read.open());
  courier.reader = reader;
  try {
    let at = span.start;
    let chunk: Uint8Array = new Uint8Array(0);
    for (const part of parts) {
      if (part.head.length > 0) yield part.head;
      while (at < part.span.end) {
        if (chunk.length === 0) {
          chunk = await nextChunk(reader, span.end - at);
          courier.bytesRead += chunk.length;
        }
        const skipped = Math.min(chunk.length, Math.max(0, part.span.start - at));
        const taken = chunk.subarray(skipped, part.span.end - at);
        at += skipped + taken.length;
        chunk = chunk.subarray(skipped + taken.length);
        if (at === span.end) await expectEnd(reader);
        if (taken.length > 0) yield taken;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** A storage that sends more than it said has said something wrong: the last bytes are held back until it is seen to end. */
async function expectEnd(reader: ChunkReader): Promise<void> {
  for (;;) {
    const chunk = await reader.read(1);
    if (chunk === undefined) return;
    if (chunk.length > 0) throw storeError('nonsense', 'the storage sent more bytes than it said');
  }
}

/** @param left bytes that the body still owes, more than 0 */
async function nextChunk(reader: ChunkReader, left: number): Promise<Uint8Array> {
  for (;;) {
    const chunk = await reader.read(left);
    if (chunk === undefined) throw storeError('nonsense', `the storage ended a body ${left} bytes early`);
    if (chunk.length > left) throw storeError('nonsense', `the storage sent ${chunk.length - left} bytes too many`);
    if (chunk.length > 0) return chunk;
  }
}
