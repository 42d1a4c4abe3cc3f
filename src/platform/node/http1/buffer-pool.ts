import { unmarkReusable, markReusable } from '../../../store/chunk-stream.ts';

/**
 * The read buffers of one connection, which are reused. On Node, allocating a new buffer for each read is most of the
 * cost of a download: the same bytes took 2.3 to 2.8 times as long, and 80 MiB waited for the garbage collector.
 */
export interface BufferPool {
  /** Returns the space for the next read. It is never empty. */
  reserve(): Uint8Array;
  /** Returns a slice, with one reference, of the first `count` bytes of `space`, which `reserve` returned. */
  commit(space: Uint8Array, count: number): PooledSlice;
  /**
   * The connection is closed, and reads no more: gives its unreferenced buffers to those that are opened after it.
   * `reserve` and `commit` must not be called any more.
   */
  close(): void;
}

/** Buffers of closed connections, for new ones: all have one size. */
export type SpareBuffers = Uint8Array[];

/**
 * The most spare buffers. A client that leaves, as a video player does at each seek, closes its connection to the
 * storage: 500 of them made the process grow by up to 69 MiB, until the collector came, and by 22 with spare buffers.
 */
const MAX_SPARE = 16;

/** A slice of a pooled buffer. The buffer is not reused as long as a slice of it is referenced. */
export interface PooledSlice {
  readonly bytes: Uint8Array;
  /** Returns a slice of the same buffer, with a reference of its own. */
  retain(bytes: Uint8Array): PooledSlice;
  /** Drops the reference. Must be called once at the most. */
  release(): void;
  /** Drops the reference and returns bytes that are never overwritten: a copy, or the buffer taken out of the pool. */
  toOwned(): Uint8Array;
}

interface PooledBuffer {
  readonly memory: Uint8Array;
  /** Bytes from the beginning that hold data. */
  used: number;
  refCount: number;
}

/** By default, the bytes of a buffer. For a gateway, larger ones gave no more throughput. */
const DEFAULT_SIZE = 128 * 1024;

/** One slice is in use, the next one is buffered, and the third is the space for the next read. */
const MAX_BUFFERS = 3;

/** A buffer with fewer free bytes than this is full. A TLS record (16 KiB) fits as a whole. */
const MIN_FREE = 16 * 1024;

/**
 * Creates the pool of a connection. It has up to three buffers, and makes the next one when it is needed. If all are
 * still referenced then, the pool forgets the oldest one.
 *
 * @param size of a buffer, in bytes
 * @param spares buffers of this size that are taken before new ones are made
 */
export function bufferPool(size: number = DEFAULT_SIZE, spares: SpareBuffers = []): BufferPool {
  const takeNew = (): PooledBuffer => ({ memory: spares.pop() ?? newMemory(size), used: 0, refCount: 0 });
  let current = takeNew();
  /** The other buffers, the oldest one first. */
  const others: PooledBuffer[] = [];

  function takeUnused(): PooledBuffer | undefined {
    const index = others.findIndex(({ refCount }) => refCount === 0);
    return index < 0 ? undefined : others.splice(index, 1)[0];
  }

  /** Takes a buffer out of the pool, so that it is never overwritten. */
  function remove(buffer: PooledBuffer): void {
    unmarkReusable(buffer.memory.buffer);
    if (current === buffer) {
      current = takeUnused() ?? takeNew();
      current.used = 0;
      return;
    }
    const index = others.indexOf(buffer);
    if (index >= 0) others.splice(index, 1);
  }

  function slice(buffer: PooledBuffer, bytes: Uint8Array): PooledSlice {
    buffer.refCount++;
    return {
      bytes,
      retain: (part) => slice(buffer, part),
      release: () => void buffer.refCount--,
      toOwned() {
        buffer.refCount--;
        // Up to half of the buffer, a copy costs less than allocating another buffer.
        if (bytes.length <= size / 2) return bytes.slice();
        remove(buffer);
        return bytes;
      },
    };
  }

  return {
    reserve() {
      if (current.refCount === 0) current.used = 0;
      if (size - current.used >= MIN_FREE) return current.memory.subarray(current.used);
      const next = takeUnused() ?? takeNew();
      next.used = 0;
      others.push(current);
      if (others.length === MAX_BUFFERS) others.shift();
      current = next;
      return current.memory;
    },
    commit(space, count) {
      // The buffer was taken out of the pool after `reserve`, so its references are no longer counted.
      if (current.memory.buffer !== space.buffer) return unpooledSlice(space.slice(0, count));
      current.used = space.byteOffset - current.memory.byteOffset + count;
      return slice(current, space.subarray(0, count));
    },
    close() {
      for (const { memory, refCount } of [current, ...others.splice(0)])
        if (refCount === 0 && spares.length < MAX_SPARE) spares.push(memory);
    },
  };
}

/**
 * Wraps bytes that no pool reuses as a slice, so that they are read like pooled ones.
 *
 * @param bytes to which nothing else refers
 */
export function unpooledSlice(bytes: Uint8Array): PooledSlice {
  return { bytes, retain: unpooledSlice, release: () => undefined, toOwned: () => bytes };
}

function newMemory(size: number): Uint8Array {
  // `Buffer.allocUnsafe` would return a part of Node's shared pool, which holds the data of other buffers too.
  const memory = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
  markReusable(memory.buffer);
  return memory;
}
