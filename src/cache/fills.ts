import type { Pinnable, Span } from '../http/index.ts';
import type { ToReader } from '../store/chunk-stream.ts';
import { openRest } from '../store/continuation.ts';
import type { CallOptions, ObjectStore } from '../store/object-store.ts';
import { isStoreError } from '../store/store-error.ts';
import { semaphore } from '../semaphore.ts';
import type { BlockName } from './block-cache.ts';
import { startFill, type Fill, type Seat } from './fill.ts';
import { blockLength } from './grid.ts';
import type { GuardedCache } from './guarded-cache.ts';

/** A version of an object whose blocks can be told from those of any other. */
export interface PinnedObject {
  readonly key: string;
  readonly representation: Pinnable;
}

/** The fills that are under way, and the blocks that they have brought and the cache does not have yet. */
export interface Fills {
  nameOf(object: PinnedObject, index: number): BlockName;
  /** Whether there is memory for a block of so many bytes. */
  hasMemory(bytes: number): boolean;
  /** A seat at a fill that has the bytes from `at` on, or will have them soon. */
  join(object: PinnedObject, at: number): Seat | undefined;
  /** A block that is being put into the cache. */
  block(name: BlockName): Uint8Array | undefined;
  /** Starts a fill by a read of its own, or with a body that is open and has the bytes of `span`. */
  start(object: PinnedObject, span: Span, call: CallOptions, body?: ReadableStream<Uint8Array>): Seat;
  /** Opens bytes that are not to be kept. */
  open(object: PinnedObject, span: Span, call: CallOptions): Promise<ReadableStream<Uint8Array>>;
}

/** What fills are made of. */
export interface FillsOptions {
  readonly store: ObjectStore;
  readonly cache: GuardedCache;
  readonly scope: string;
  readonly blockSize: number;
  /** Bytes of blocks that are being read or put, all together. */
  readonly memory: number;
  readonly toReader: ToReader;
  /** Whether requests share reads. On Workers a stream belongs to its request. */
  readonly isShared: boolean;
  /** Called where the storage says that it has another version. */
  readonly onChanged: (object: PinnedObject) => void;
}

/** A client waits for what another one's read brings where its bytes come within so many blocks; else it reads them. */
const REACH = 8;

/** Makes a place for fills, with none under way. */
export function makeFills(options: FillsOptions): Fills {
  const { store, cache, scope, blockSize, toReader, isShared, onChanged } = options;
  const running = new Map<string, Set<Fill>>();
  const unkept = new Map<string, Uint8Array>();
  const memory = semaphore(options.memory);

  const nameOf = ({ key, representation }: PinnedObject, index: number): BlockName => ({
    scope,
    key,
    etag: representation.etag.opaque,
    blockSize,
    index,
    length: blockLength(index, blockSize, representation.size),
  });

  function register(object: PinnedObject, fill: Fill): void {
    if (!isShared) return;
    const id = versionOf(object);
    running.set(id, (running.get(id) ?? new Set()).add(fill));
  }

  function unregister(object: PinnedObject, fill: Fill): void {
    const id = versionOf(object);
    const fills = running.get(id);
    fills?.delete(fill);
    if (fills?.size === 0) running.delete(id);
  }

  function keep(name: BlockName, block: Uint8Array, { defer }: CallOptions): Promise<void> {
    const id = idOf(name);
    unkept.set(id, block);
    const work = cache.put(name, block).finally(() => {
      if (unkept.get(id) === block) unkept.delete(id);
    });
    defer?.(work);
    return work;
  }

  async function open(object: PinnedObject, span: Span, { tally }: CallOptions): Promise<ReadableStream<Uint8Array>> {
    try {
      return await openRest({ store, ...object, rest: span }, { tally });
    } catch (error) {
      if (isChanged(error)) onChanged(object);
      throw error;
    }
  }

  return {
    nameOf,
    hasMemory: (bytes) => memory.hasRoom(bytes),
    block: (name) => unkept.get(idOf(name)),
    join(object, at) {
      for (const fill of running.get(versionOf(object)) ?? []) {
        if (fill.reaches(at, REACH * blockSize)) return fill.join();
      }
      return undefined;
    },
    start(object, span, call, body) {
      const fill = startFill({
        span,
        blockSize,
        size: object.representation.size,
        open: body === undefined ? () => open(object, span, call) : async () => body,
        toReader,
        takeMemory: (bytes) => memory.tryAcquire(bytes),
        keep: (index, block, giveBack) => void keep(nameOf(object, index), block, call).finally(giveBack),
        onOver: () => unregister(object, fill),
        defer: call.defer,
      });
      register(object, fill);
      return fill.join();
    },
    open,
  };
}

/** The tag of a version has no space in it, so no two versions share a name. */
function versionOf({ key, representation }: PinnedObject): string {
  return `${representation.etag.opaque} ${key}`;
}

function idOf({ key, etag, index }: BlockName): string {
  return `${index} ${etag} ${key}`;
}

function isChanged(error: unknown): boolean {
  return isStoreError(error) && error.code === 'changed';
}
