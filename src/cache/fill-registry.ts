import type { Span } from '../http/index.ts';
import type { ToReader } from '../store/chunk-stream.ts';
import { reopenFrom } from '../store/reopen-from.ts';
import type { CallOptions, ObjectStore } from '../store/object-store.ts';
import { isVersionChanged } from '../store/store-error.ts';
import { semaphore } from '../base/semaphore.ts';
import { startFill, type Fill, type FillReader } from './fill.ts';
import type { ResilientCache, ObjectVersion } from './resilient-cache.ts';

/** The reads of the storage that are under way. */
export interface FillRegistry {
  /** Whether there is memory for so many bytes of a block. */
  hasMemory(bytes: number): boolean;
  /** A seat at a fill that has the bytes from `at` on, or will have them soon. */
  join(object: ObjectVersion, at: number): FillReader | undefined;
  /**
   * A seat at a new fill of `span`; `body` has its bytes where the read is open already.
   *
   * @returns `undefined` where there is no memory for a block
   */
  start(
    object: ObjectVersion,
    span: Span,
    call: CallOptions,
    body?: ReadableStream<Uint8Array>,
  ): FillReader | undefined;
  /** Opens bytes that are not to be kept. */
  open(object: ObjectVersion, span: Span, call: CallOptions): Promise<ReadableStream<Uint8Array>>;
}

/** What fills are made of. */
export interface FillRegistryOptions {
  readonly store: ObjectStore;
  readonly cache: ResilientCache;
  readonly blockSize: number;
  /** Bytes of blocks that are being read or put, all together. */
  readonly memory: number;
  readonly toReader: ToReader;
  /** Whether requests share reads. On Workers a stream belongs to its request. */
  readonly isShared: boolean;
  /** Called where the storage says that it has another version. */
  readonly onChanged: (object: ObjectVersion) => void;
}

/** A client waits for what another one's read brings where its bytes come within so many blocks; else it reads them. */
const REACH = 8;

/** Makes a place for fills, with none under way. */
export function fillRegistry(options: FillRegistryOptions): FillRegistry {
  const { store, cache, blockSize, toReader, isShared, onChanged } = options;
  const running = new Map<string, Set<Fill>>();
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
    hasMemory: (bytes) => memory.hasRoom(bytes),
    join(object, at) {
      for (const fill of running.get(versionOf(object)) ?? []) {
        if (fill.reaches(at, REACH * blockSize)) return fill.join();
      }
      return undefined;
    },
    start(object, span, call, body) {
      const id = versionOf(object);
      const beside = running.get(id) ?? new Set();
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
          if (fill !== undefined) beside.delete(fill);
          if (beside.size === 0 && running.get(id) === beside) running.delete(id);
        },
        defer: call.defer,
      });
      if (fill === undefined) return undefined;
      if (isShared) running.set(id, beside.add(fill));
      return fill.join();
    },
    open,
  };
}

/** The tag of a version has no space in it, so no two versions share a name. */
function versionOf({ key, representation }: ObjectVersion): string {
  return `${representation.etag.opaque} ${key}`;
}
