import { strongTag, type Representation } from '../../http/index.ts';
import { type ObjectStore, type ReadOptions, type ReadResult } from '../object-store.ts';
import { countOperation } from '../request-stats.ts';
import { evaluateRead } from '../evaluate-read.ts';

/** Bytes a chunk, so that a slow reader of a large object sees back-pressure here as elsewhere. */
const CHUNK = 64 * 1024;

/** What an object is stored with, besides its bytes. */
export type StoredMetadata = Omit<Representation, 'size' | 'etag' | 'lastModified' | 'isDateStrong'>;

/** A store in memory: for tests, examples and small fixed content. */
export interface MemoryStore extends ObjectStore {
  /** Stores a copy of `bytes`. The ETag is their SHA-256, so it changes exactly when they do. */
  put(key: string, bytes: Uint8Array, metadata?: StoredMetadata): Promise<Representation>;
  delete(key: string): void;
}

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly representation: Representation;
}

/** Makes an empty store in memory. */
export function memoryStore(): MemoryStore {
  const objects = new Map<string, StoredObject>();
  return {
    async put(key, bytes, metadata = {}) {
      const copy = bytes.slice();
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', copy));
      const representation = {
        ...metadata,
        size: copy.length,
        etag: strongTag(toHex(digest)),
        lastModified: new Date(),
        isDateStrong: true,
      };
      objects.set(key, { bytes: copy, representation });
      return representation;
    },
    delete(key) {
      objects.delete(key);
    },
    async head(key, options = {}) {
      countOperation(options);
      return objects.get(key)?.representation;
    },
    async read(key, options = {}) {
      countOperation(options);
      return read(objects.get(key), options);
    },
  };
}

function read(object: StoredObject | undefined, options: ReadOptions): ReadResult {
  if (object === undefined) return { type: 'missing' };
  const { bytes, representation } = object;
  const evaluation = evaluateRead(representation, options);
  if (evaluation.type !== 'span') return evaluation;
  const { span } = evaluation;
  return { type: 'open', representation, span, body: chunked(bytes.subarray(span.start, span.end)) };
}

function chunked(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream(
    {
      pull(controller) {
        // A copy: whoever gets a chunk may transfer its buffer.
        if (at < bytes.length) controller.enqueue(bytes.slice(at, at + CHUNK));
        at += CHUNK;
        if (at >= bytes.length) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
