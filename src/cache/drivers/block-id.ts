import type { BlockName } from '../block-cache.ts';

/**
 * Serializes a block's name. JSON is unambiguous: a separator could also be part of a key. It also escapes a lone
 * surrogate, which UTF-8 would turn into U+FFFD, the same for all of them.
 */
export function blockId({ scope, key, etag, blockSize, index, length }: BlockName): string {
  return JSON.stringify([scope, key, etag, blockSize, index, length]);
}

/** Parses the result of {@link blockId}. @returns `undefined` for any other text */
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
