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
}

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

/** The bytes of a buffer. A single read of a socket returns no more, and larger buffers gave no more throughput. */
const BUFFER_SIZE = 128 * 1024;

/** A buffer with fewer free bytes than this is full. A TLS record (16 KiB) fits as a whole. */
const MIN_FREE = 16 * 1024;

/**
 * Creates the pool of a connection. It has two buffers. If both are still referenced when a third is needed, the pool
 * forgets the older one.
 */
export function bufferPool(): BufferPool {
  let current = newBuffer();
  let other: PooledBuffer | undefined;

  /** Takes a buffer out of the pool, so that it is never overwritten. */
  function remove(buffer: PooledBuffer): void {
    unmarkReusable(buffer.memory.buffer);
    if (other === buffer) other = undefined;
    if (current === buffer) {
      current = other ?? newBuffer();
      other = undefined;
    }
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
        if (bytes.length <= BUFFER_SIZE / 2) return bytes.slice();
        remove(buffer);
        return bytes;
      },
    };
  }

  return {
    reserve() {
      if (current.refCount === 0) current.used = 0;
      if (BUFFER_SIZE - current.used >= MIN_FREE) return current.memory.subarray(current.used);
      const next = other?.refCount === 0 ? other : newBuffer();
      next.used = 0;
      other = current;
      current = next;
      return current.memory;
    },
    commit(space, count) {
      // The buffer was taken out of the pool after `reserve`, so its references are no longer counted.
      if (current.memory.buffer !== space.buffer) return unpooledSlice(space.slice(0, count));
      current.used = space.byteOffset - current.memory.byteOffset + count;
      return slice(current, space.subarray(0, count));
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

function newBuffer(): PooledBuffer {
  // `Buffer.allocUnsafe` would return a part of Node's shared pool, which holds the data of other buffers too.
  const memory = new Uint8Array(Buffer.allocUnsafeSlow(BUFFER_SIZE).buffer);
  markReusable(memory.buffer);
  return { memory, used: 0, refCount: 0 };
}
