import { spanLength, type Span } from '../../http/index.ts';

/**
 * Creates the response under which Cloudflare's caches store a block. They store nothing without a freshness lifetime,
 * and answer no range without a Content-Length.
 *
 * @param length of the block, in bytes
 */
export function toBlockResponse(body: ReadableStream<Uint8Array> | Uint8Array, length: number): Response {
  return new Response(body, {
    headers: {
      'Cache-Control': 'public, max-age=31536000, immutable, no-transform',
      'Content-Length': String(length),
      'Content-Type': 'application/octet-stream',
    },
  });
}

/**
 * Whether a response contains exactly this part of a block (206) or the whole block (200), by its status and fields.
 *
 * @param part half-open, in bytes from the block's start
 * @param length of the block, in bytes
 */
export function hasBlock({ status, headers }: Response, part: Span, length: number): boolean {
  if (status !== 200 && status !== 206) return false;
  const [range, bytes] =
    status === 200 ? [null, length] : [`bytes ${part.start}-${part.end - 1}/${length}`, spanLength(part)];
  return headers.get('Content-Range') === range && headers.get('Content-Length') === String(bytes);
}
