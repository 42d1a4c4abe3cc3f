import type { Span } from '../http/index.ts';
import type { ToReader } from '../store/chunk-stream.ts';
import { reopenFrom } from '../store/reopen-from.ts';
import type { CallOptions, ObjectStore } from '../store/object-store.ts';
import { isVersionChanged } from '../store/store-error.ts';
import { semaphore } from '../base/semaphore.ts';
import { startFill, type Fill, type FillReader } from './fill.ts';
import type { ResilientCache, ObjectVersion } from './resilient-cache.ts';

/** The fills in progress, and their byte budget. */
export interface FillRegistry {
  /** Whether the byte budget has room for so many bytes. */
  hasMemory(bytes: number): boolean;
  /** Joins a running fill that has the byte at `at`, or will read it soon. @returns `undefined` if there is none */
  join(object: ObjectVersion, at: number): FillReader | undefined;
  /**
   * Starts a fill and joins it.
   *
   * @param span half-open, in bytes of the object
   * @param body exactly the bytes of `span`, if the read is already open
   * @returns `undefined` if there is no memory for a block
   */
  start(
    object: ObjectVersion,
    span: Span,
    call: CallOptions,
    body?: ReadableStream<Uint8Array>,
  ): FillReader | undefined;
  /**
   * Opens a read whose bytes are not cached.
   *
   * @throws StoreError if the read can't be opened
   */
  open(object: ObjectVersion, span: Span, call: CallOptions): Promise<ReadableStream<Uint8Array>>;
}

/** The dependencies and settings of a fill registry. */
export interface FillRegistryOptions {
  readonly store: ObjectStore;
  readonly cache: ResilientCache;
  /** In bytes. */
  readonly blockSize: number;
  /** Byte budget of all blocks that are being filled or put. */
  readonly memory: number;
  readonly toReader: ToReader;
  /** Whether requests share fills. On Workers they can't: a stream belongs to its request. */
  readonly isShared: boolean;
  /** Called if a pinned read finds that the object was replaced. */
  readonly onChanged: (object: ObjectVersion) => void;
}

/** A client joins a fill if its bytes come within so many blocks; else it reads the storage itself. */
const MAX_BLOCKS_AHEAD = 8;

/** Creates an empty registry. */
export function fillRegistry(options: FillRegistryOptions): FillRegistry {
  const { store, cache, blockSize, toReader, isShared, onChanged } = options;
  const fillsByVersion = new Map<string, Set<Fill>>();
  const memory = semaphore(options.memory);

  async function open(object: ObjectVersion, span: Span, { stats }: CallOptions): Promise<ReadableStream<Uint8Array>> {
    try {
      return await reopenFrom({ store, ...object, rest: span }, { stats });
    } catch (error) {
      if (isVersionChanged(error)) onChanged(object);
      throw error;
    }
  }

  return {
    hasMemory: (bytes) => memory.canAcquire(bytes),
    join(object, at) {
      for (const fill of fillsByVersion.get(versionOf(object)) ?? []) {
        if (fill.reaches(at, MAX_BLOCKS_AHEAD * blockSize)) return fill.join();
      }
      return undefined;
    },
    start(object, span, call, body) {
      const id = versionOf(object);
      const fills = fillsByVersion.get(id) ?? new Set();
      const fill: Fill | undefined = startFill({
        span,
        blockSize,
        size: object.representation.size,
        open: body === undefined ? () => open(object, span, call) : async () => body,
        toReader,
        reserveMemory: (bytes) => memory.tryAcquire(bytes),
        keep(index, block, release) {
          const work = cache.put(object, index, block).finally(release);
          call.defer?.(work);
        },
        onEnd() {
          if (fill !== undefined) fills.delete(fill);
          if (fills.size === 0 && fillsByVersion.get(id) === fills) fillsByVersion.delete(id);
        },
        defer: call.defer,
      });
      if (fill === undefined) return undefined;
      if (isShared) fillsByVersion.set(id, fills.add(fill));
      return fill.join();
    },
    open,
  };
}

/** Returns an id that is unique for each version: an entity tag contains no space. */
function versionOf({ key, representation }: ObjectVersion): string {
  return `${representation.etag.opaque} ${key}`;
}
