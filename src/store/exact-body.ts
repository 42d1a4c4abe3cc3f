import type { ChunkReader } from './chunk-stream.ts';
import { storeError } from './store-error.ts';

/**
 * The next bytes of a body, at least one.
 *
 * @param left bytes that the body still owes, more than 0
 * @throws StoreError `invalid-response` where it has fewer, or more
 */
export async function nextChunk(reader: ChunkReader, left: number): Promise<Uint8Array> {
  for (;;) {
    const chunk = await reader.read(left);
    if (chunk === undefined) throw storeError('invalid-response', `the storage ended a body ${left} bytes early`);
    if (chunk.length > left)
      throw storeError('invalid-response', `the storage sent ${chunk.length - left} bytes too many`);
    if (chunk.length > 0) return chunk;
  }
}

/**
 * Waits for the end of a body that owes nothing more. A storage that sends more than it said has said something wrong,
 * so the last bytes are held back until then.
 *
 * @throws StoreError `invalid-response` where there are more bytes
 */
export async function expectEnd(reader: ChunkReader): Promise<void> {
  for (;;) {
    const chunk = await reader.read(1);
    if (chunk === undefined) return;
    if (chunk.length > 0) throw storeError('invalid-response', 'the storage sent more bytes than it said');
  }
}
