import type { ChunkReader } from './chunk-stream.ts';
import { storeError } from './store-error.ts';

/**
 * Reads the next bytes of a body of known length, at least one.
 *
 * @param remaining bytes of the body that are not read yet, more than 0
 * @throws StoreError `invalid-response` if the body ends early or is longer
 */
export async function nextChunk(reader: ChunkReader, remaining: number): Promise<Uint8Array> {
  for (;;) {
    const chunk = await reader.read(remaining);
    if (chunk === undefined) throw storeError('invalid-response', `the storage ended a body ${remaining} bytes early`);
    if (chunk.length > remaining)
      throw storeError('invalid-response', `the storage sent ${chunk.length - remaining} bytes too many`);
    if (chunk.length > 0) return chunk;
  }
}

/**
 * Waits for the end of a body of which all bytes are read. Callers forward the last bytes only after that, because a
 * body that is longer than announced may hold wrong bytes.
 *
 * @throws StoreError `invalid-response` if there are more bytes
 */
export async function expectEnd(reader: ChunkReader): Promise<void> {
  for (;;) {
    const chunk = await reader.read(1);
    if (chunk === undefined) return;
    if (chunk.length > 0) throw storeError('invalid-response', 'the storage sent more bytes than it said');
  }
}
