import type { BlockName } from '../block-cache.ts';

/**
 * A block's name as one string. As JSON, so that no two names share one: there is no separator that a key could hold,
 * and half a surrogate pair is escaped instead of becoming the same U+FFFD as any other when it is written as UTF-8.
 */
export function blockId({ scope, key, etag, blockSize, index, length }: BlockName): string {
  return JSON.stringify([scope, key, etag, blockSize, index, length]);
}

/** The name that {@link blockId} printed; `undefined` for any other text. */
export function parseBlockId(id: string): BlockName | undefined {
  const value: unknown = parseJson(id);
  if (!Array.isArray(value)) return undefined;
  const [scope, key, etag, blockSize, index, length]: readonly unknown[] = value;
  return isText(scope) && isText(key) && isText(etag) && isCount(blockSize) && isCount(index) && isCount(length)
    ? { scope, key, etag, blockSize, index, length }
    : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
