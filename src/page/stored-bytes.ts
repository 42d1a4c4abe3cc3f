import { semaphore } from '../base/semaphore.ts';
import type { ReprDigest } from '../client/repr-digest.ts';
import { handleSegments, hasAccessHandles } from './handle-segments.ts';
import { runningDigest } from './running-digest.ts';
import { segmentFiles } from './segment-files.ts';
import { streamSegments } from './stream-segments.ts';

type Algorithm = ReprDigest['algorithm'];

/** The bytes of one download in the origin's private file system, and their digests. */
export interface StoredBytes {
  /** Removes what no run can use. Returns the end of the last byte that is there; 0 if there is nothing. */
  open(): Promise<number>;
  write(position: number, bytes: Uint8Array): Promise<void>;
  /** Makes durable all that was written before the call. */
  sync(): Promise<void>;
  /** Removes all bytes. */
  empty(): Promise<void>;
  /** Hashes the first `end` bytes in the background, all of which are written. */
  prepareDigest(algorithm: Algorithm, end: number): void;
  /** Returns the digest of the first `size` bytes, in lower-case hexadecimal digits. */
  digest(algorithm: Algorithm, size: number): Promise<string>;
  /** Returns the SHA-256 of bytes that were written, from `start` to `end`, half-open. */
  sha256(start: number, end: number): Promise<Uint8Array>;
  /** Makes all bytes durable, and closes their files. */
  close(): Promise<void>;
}

/**
 * Stores the bytes of a download by this page, or by this worker.
 *
 * @param id of the download's record
 */
export function storedBytes(id: string): StoredBytes {
  const files = segmentFiles(id);
  const stored = hasAccessHandles() ? handleSegments(files) : streamSegments(files);
  const digest = runningDigest((start, place) => stored.read(start, place));
  /** One piece is hashed at a time, since all are read into the same memory. */
  const hashing = semaphore(1);
  let piece = new Uint8Array(0);

  async function hash(start: number, end: number): Promise<Uint8Array> {
    if (piece.length < end - start) piece = new Uint8Array(end - start);
    const place = piece.subarray(0, end - start);
    await stored.read(start, place);
    return new Uint8Array(await crypto.subtle.digest('SHA-256', place));
  }

  return {
    open: () => stored.open(),
    async write(position, bytes) {
      digest.noteWrite(position);
      await stored.write(position, bytes);
    },
    sync: () => stored.sync(),
    async empty() {
      await digest.stop();
      await stored.empty();
    },
    prepareDigest: (algorithm, end) => digest.prepare(algorithm, end),
    digest: (algorithm, size) => digest.of(algorithm, size),
    sha256: (start, end) => hashing.run(() => hash(start, end)),
    async close() {
      await digest.stop();
      await stored.close();
    },
  };
}
