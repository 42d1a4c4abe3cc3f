import { resolveSpec, equalSpans, type Span } from '../http/index.ts';
import { chunkStream, defaultReader } from './chunk-stream.ts';
import type { OpenObject, ReadOptions, ReadResult } from './object-store.ts';
import { storeError } from './store-error.ts';

/** Bytes that are skipped at most before a range if the caller also accepts the whole object. */
const MAX_SKIPPED = 64 * 1024 * 1024;

/**
 * Makes the result of a range read from a whole object, because a storage may ignore Range and respond with 200
 * (§14.2).
 *
 * @param whole its body is cut to the range, or cancelled if the range holds no byte of the object
 * @param options of the read; `mayBeWhole` and `neverSlice` allow the whole object as the result
 */
export async function sliceWhole(
  whole: OpenObject,
  { range, mayBeWhole, neverSlice }: ReadOptions,
): Promise<ReadResult> {
  const { representation, span, body } = whole;
  if (range === undefined) return whole;
  const requested = resolveSpec(range, representation.size);
  if (requested === undefined) {
    await body.cancel();
    return { type: 'unsatisfiable', representation };
  }
  const keepsWhole = neverSlice === true || (mayBeWhole === true && requested.start > MAX_SKIPPED);
  if (equalSpans(requested, span) || keepsWhole) return whole;
  return { type: 'open', representation, span: requested, body: slice(body, requested, representation.size) };
}

/** Returns the bytes of a half-open span of a body of `size` bytes, and cancels the body after them. */
function slice(body: ReadableStream<Uint8Array>, { start, end }: Span, size: number): ReadableStream<Uint8Array> {
  const reader = defaultReader(body);
  let offset = 0;
  return chunkStream({
    async read(max) {
      for (;;) {
        if (offset >= end && end < size) {
          await reader.cancel();
          return undefined;
        }
        // At the end of the object, one more read waits for the end of the body, so that its connection can be reused.
        const chunk = await reader.read(Math.max(1, Math.min(max, end - offset)));
        if (chunk === undefined && offset < end)
          throw storeError('unavailable', `a body ended at byte ${offset} of ${size}`);
        if (chunk === undefined) return undefined;
        if (offset + chunk.length > size)
          throw storeError('invalid-response', 'the storage sent more bytes than it said');
        const bytes = chunk.subarray(Math.max(0, start - offset), Math.max(0, end - offset));
        offset += chunk.length;
        if (bytes.length > 0) return bytes;
      }
    },
    cancel: () => reader.cancel(),
  });
}
