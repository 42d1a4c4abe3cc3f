import { createCipheriv } from 'node:crypto';

/** A prime, so that no offset that is wrong by a round number finds the right bytes. */
const PERIOD = 1_048_573;

/** Bytes that {@link bytesAt} gives at the most. */
export const PIECE = 64 * 1024;

/** Incompressible: AES in counter mode over zeros. */
const NOISE = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(PERIOD));
/** One period and the beginning of the next. */
const TABLE = Buffer.concat([NOISE, NOISE.subarray(0, PIECE)]);

/** The bytes of any object from `position` on: a view, so that an object of any size costs nothing. */
export function bytesAt(position: number, length: number): Buffer {
  const start = position % PERIOD;
  return TABLE.subarray(start, start + Math.min(length, PIECE));
}

/** Whether these are an object's bytes from `position` on. */
export function isRight(bytes: Uint8Array, position: number): boolean {
  for (let at = 0; at < bytes.length;) {
    const wanted = bytesAt(position + at, bytes.length - at);
    if (wanted.compare(bytes, at, at + wanted.length) !== 0) return false;
    at += wanted.length;
  }
  return true;
}
