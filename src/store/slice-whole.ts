import { resolveSpec, sameSpan, type Span } from '../http/index.ts';
import { chunkStream, defaultReader } from './chunk-stream.ts';
import type { OpenObject, ReadOptions, ReadResult } from './object-store.ts';
import { storeError } from './store-error.ts';

/** Bytes that are read and dropped at the most where the whole would do as well. */
const MOST_SKIPPED = 64 * 1024 * 1024;

/**
 * Makes the read that was asked for out of a whole object: a storage may ignore Range and answer 200 (§14.2).
 *
 * @param whole gets its body cut, or cancelled where no byte of the range is in it
 */
export async function sliceWhole(
  whole: OpenObject,
  { range, mayBeWhole, neverSlice }: ReadOptions,
): Promise<ReadResult> {
  const { representation, span, body } = whole;
  if (range === undefined) return whole;
  const due = resolveSpec(range, representation.size);
  if (due === undefined) {
    await body.cancel();
    return { type: 'unsatisfiable', representation };
  }
  const isWanted = neverSlice === true || (mayBeWhole === true && due.start > MOST_SKIPPED);
  if (sameSpan(due, span) || isWanted) return whole;
  return { type: 'open', representation, span: due, body: slice(body, due, representation.size) };
}

/** The bytes from `start` up to, not including, `end` of a body of `size` bytes, which is cancelled after them. */
function slice(body: ReadableStream<Uint8Array>, { start, end }: Span, size: number): ReadableStream<Uint8Array> {
  const reader = defaultReader(body);
  let at = 0;
  return chunkStream({
    async read(max) {
      for (;;) {
        if (at >= end && end < size) {
          await reader.cancel();
          return undefined;
        }
        // At the object's end one more read sees the body end, so that its connection can be used again.
        const chunk = await reader.read(Math.max(1, Math.min(max, end - at)));
        if (chunk === undefined && at < end) throw storeError('unavailable', `a body ended at byte ${at} of ${size}`);
        if (chunk === undefined) return undefined;
        if (at + chunk.length > size) throw storeError('invalid-response', 'the storage sent more bytes than it said');
        const wanted = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at));
        at += chunk.length;
        if (wanted.length > 0) return wanted;
      }
    },
    cancel: () => reader.cancel(),
  });
}
