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

/** Buffers of pieces whose hash is known, for the next ones: each new one is garbage of a megabyte until it is collected. */
const spare: Uint8Array<ArrayBuffer>[] = [];

/** Most spare buffers: as many as pieces of a few objects are hashed at the same time. */
const MAX_SPARE = 8;

function bufferedHash(length: number): RunningHash<Uint8Array> {
  let buffer: Uint8Array<ArrayBuffer> | undefined;
  let filled = 0;
  return {
    update(bytes) {
      buffer ??= takeBuffer(length);
      buffer.set(bytes, filled);
      filled += bytes.length;
    },
    async digest() {
      const used = buffer ?? new Uint8Array();
      const digest = await crypto.subtle.digest('SHA-256', used.subarray(0, filled));
      if (spare.length < MAX_SPARE) spare.push(used);
      return new Uint8Array(digest);
    },
  };
}

function takeBuffer(length: number): Uint8Array<ArrayBuffer> {
  const at = spare.findIndex((buffer) => buffer.length === length);
  const [found] = at === -1 ? [] : spare.splice(at, 1);
  return found ?? new Uint8Array(length);
}
