import { toHex } from '../../base/hex.ts';
import { strongTag, toBase64, type Representation } from '../../http/index.ts';
import { compareKeys, pageOf, type ListableStore, type ListEntry, type ListOptions } from '../listable-store.ts';
import type { ReadOptions, ReadResult } from '../object-store.ts';
import { countOperation } from '../request-stats.ts';
import { evaluateRead } from '../evaluate-read.ts';
import { storedType } from '../media-type.ts';

/**
 * Length of a chunk in bytes. A large object has several chunks, so that a slow reader causes back-pressure as with
 * other stores.
 */
const CHUNK = 64 * 1024;

/** Metadata that `put` stores with an object. */
export type StoredMetadata = Omit<Representation, 'size' | 'etag' | 'lastModified' | 'isDateStrong' | 'digests'>;

/** A store in memory, for tests, examples and small fixed content. */
export interface MemoryStore extends ListableStore {
  /** Stores a copy of `bytes`. The entity tag is their SHA-256, so it changes exactly if the bytes change. */
  put(key: string, bytes: Uint8Array, metadata?: StoredMetadata): Promise<Representation>;
  /** Removes an object, if it exists. */
  delete(key: string): void;
}

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly representation: Representation;
}

/**
 * Makes an empty store in memory.
 *
 * @example
 * import { createGateway, memoryStore } from 'rangeway';
 *
 * const store = memoryStore();
 * await store.put('hello.txt', new TextEncoder().encode('Hello, world'), { contentType: 'text/plain' });
 * export default createGateway({ store });
 */
export function memoryStore(): MemoryStore {
  const objects = new Map<string, StoredObject>();
  return {
    async put(key, bytes, metadata = {}) {
      // Not `slice`, which makes a view of a Node Buffer.
      const copy = new Uint8Array(bytes);
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', copy));
      const representation = {
        ...metadata,
        contentType: storedType(metadata.contentType, key),
        size: copy.length,
        etag: strongTag(toHex(digest)),
        digests: { 'sha-256': toBase64(digest) },
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
    async list(prefix, options = {}) {
      countOperation(options);
      return pageOf(entriesOf(objects, prefix, options), options);
    },
  };
}

/** Returns the objects of a listing in order, and the prefixes up to the delimiter. */
function entriesOf(
  objects: ReadonlyMap<string, StoredObject>,
  prefix: string,
  { delimiter }: ListOptions,
): readonly (ListEntry | string)[] {
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).toSorted(compareKeys);
  const entries = new Map<string, ListEntry | string>();
  for (const key of keys) {
    const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
    const folder = key.slice(0, end + 1);
    const object = objects.get(key)?.representation;
    if (end !== -1) entries.set(folder, folder);
    else if (object !== undefined) {
      const { size, etag, lastModified, digests } = object;
      entries.set(key, { key, size, etag, lastModified, digests });
    }
  }
  return [...entries.values()];
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
  let offset = 0;
  return new ReadableStream(
    {
      pull(controller) {
        // A copy, because the reader may transfer the chunk's buffer.
        if (offset < bytes.length) controller.enqueue(bytes.slice(offset, offset + CHUNK));
        offset += CHUNK;
        if (offset >= bytes.length) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}
