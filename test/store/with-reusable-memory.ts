import { chunkStream, defaultReader, markReusable } from '../../src/store/chunk-stream.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';

const MEMORY = 4 * 1024;

/**
 * Wraps a store: each body passes through one small buffer that is overwritten with 0xaa as soon as the next bytes are
 * read. A consumer that uses a chunk after that sends wrong bytes, and the test fails.
 */
export function withReusableMemory(store: ObjectStore): ObjectStore {
  return {
    head: (...args) => store.head(...args),
    async read(...args) {
      const result = await store.read(...args);
      return result.type === 'open' ? { ...result, hasNativeLength: false, body: throughMemory(result.body) } : result;
    },
  };
}

function throughMemory(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const memory = new Uint8Array(MEMORY);
  markReusable(memory.buffer);
  const reader = defaultReader(body);
  let left: Uint8Array = new Uint8Array(0);
  let isOver = false;
  return chunkStream({
    async read() {
      while (left.length === 0 && !isOver) {
        const chunk = await reader.read(MEMORY);
        isOver = chunk === undefined;
        left = chunk?.slice() ?? left;
      }
      // At the end no chunk is returned, and the last one stays valid.
      if (isOver && left.length === 0) return undefined;
      const taken = left.subarray(0, MEMORY);
      left = left.subarray(MEMORY);
      memory.fill(0xaa);
      memory.set(taken);
      return memory.subarray(0, taken.length);
    },
    cancel: () => reader.cancel(),
  });
}
