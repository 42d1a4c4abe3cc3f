import { toHex } from '../../base/hex.ts';
import { strongTag } from '../../http/index.ts';
import { evaluateRead } from '../../store/evaluate-read.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import { openInMemory } from '../../store/open-in-memory.ts';

/** Makes a store of one object, so that a page is answered by the same rules as an object of a storage. */
export async function singleObject(text: string, contentType: string): Promise<ObjectStore> {
  const bytes = new TextEncoder().encode(text);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const tag = toHex(digest.subarray(0, 16));
  const representation = { size: bytes.length, etag: strongTag(tag), contentType };
  return {
    head: async () => representation,
    read: async (_key, options = {}) => {
      const evaluation = evaluateRead(representation, options);
      if (evaluation.type !== 'span') return evaluation;
      return openInMemory(representation, evaluation.span, bytes.subarray(evaluation.span.start, evaluation.span.end));
    },
  };
}
