import type { BlockName } from './block-cache.ts';

/**
 * A block's name as one string. As JSON, so that no two names share one: there is no separator that a key could hold,
 * and half a surrogate pair is escaped instead of becoming the same U+FFFD as any other when it is written as UTF-8.
 */
export function blockId({ scope, key, etag, blockSize, index, length }: BlockName): string {
  return JSON.stringify([scope, key, etag, blockSize, index, length]);
}
