import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Hashing, RunningHash } from '../../digests/build-piece-index.ts';

/** The longest piece that is hashed at once, in bytes. Pieces are longer only in objects over 128 GiB. */
const MAX_BUFFERED = 8 * 1024 * 1024;

/**
 * The hashes of Node. The whole is hashed in the calling thread while pieces are hashed in the thread pool, so that two
 * cores work.
 */
export const nodeHashing: Hashing = {
  whole() {
    const hash = createHash('sha256');
    let crc = 0;
    return {
      update(bytes) {
        hash.update(bytes);
        crc = crc32(bytes, crc);
      },
      digest: async () => ({ sha256: hash.digest(), crc32: crc }),
    };
  },
  piece: (length) => (length <= MAX_BUFFERED ? bufferedHash(length) : streamedHash()),
};

function streamedHash(): RunningHash<Uint8Array> {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), digest: async () => hash.digest() };
}

function bufferedHash(length: number): RunningHash<Uint8Array> {
  let buffer: Uint8Array<ArrayBuffer> | undefined;
  let filled = 0;
  return {
    update(bytes) {
      buffer ??= new Uint8Array(length);
      buffer.set(bytes, filled);
      filled += bytes.length;
    },
    digest: async () =>
      new Uint8Array(await crypto.subtle.digest('SHA-256', (buffer ?? new Uint8Array()).subarray(0, filled))),
  };
}
