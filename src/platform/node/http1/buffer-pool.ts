import { unmarkReusable, markReusable } from '../../../store/chunk-stream.ts';

/**
 * The memory that one connection reads into, and uses again. Fresh memory for each read is what costs Node most of a
 * download: on the same bytes it took 2.3 to 2.8 times as long, and held 80 MiB that waited for the collector.
 */
export interface BufferPool {
  /** Where the next bytes are to be put; never empty. */
  room(): Uint8Array;
  /** Bytes were put at the beginning of what `room` gave. @returns them, held */
  fill(room: Uint8Array, count: number): HeldBuffer;
}

/** Bytes in a page, which is not used again as long as they are held. */
export interface HeldBuffer {
  readonly bytes: Uint8Array;
  /** A part of the same bytes, held too. */
  part(bytes: Uint8Array): HeldBuffer;
  /** They are needed no more. Called once. */
  release(): void;
  /** The bytes for good: they are never overwritten. */
  own(): Uint8Array;
}

interface PooledBuffer {
  readonly memory: Uint8Array;
  used: number;
  holds: number;
}

/** A read of the system brings so much at the most. More brings no more bytes a second. */
const PAGE = 128 * 1024;

/** With less room than this a page is full: a record of TLS comes whole. */
const LEAST = 16 * 1024;

/** Makes the pages of a connection: two where its reader keeps up. One that is held for longer is left to its holder. */
export function bufferPool(): BufferPool {
  let current = newBuffer();
  let other: PooledBuffer | undefined;

  /** Gives the page to the holder of its bytes. */
  function leave(page: PooledBuffer): void {
    unmarkReusable(page.memory.buffer);
    if (other === page) other = undefined;
    if (current === page) {
      current = other ?? newBuffer();
      other = undefined;
    }
  }

  function hold(page: PooledBuffer, bytes: Uint8Array): HeldBuffer {
    page.holds++;
    return {
      bytes,
      part: (part) => hold(page, part),
      release: () => void page.holds--,
      own() {
        page.holds--;
        // A copy costs less than the page's worth of fresh memory would.
        if (bytes.length <= PAGE / 2) return bytes.slice();
        leave(page);
        return bytes;
      },
    };
  }

  return {
    room() {
      if (current.holds === 0) current.used = 0;
      if (PAGE - current.used >= LEAST) return current.memory.subarray(current.used);
      const next = other?.holds === 0 ? other : newBuffer();
      next.used = 0;
      other = current;
      current = next;
      return current.memory;
    },
    fill(room, count) {
      // Holds of a page that was given away since are no longer counted.
      if (current.memory.buffer !== room.buffer) return ownBytes(room.slice(0, count));
      current.used = room.byteOffset - current.memory.byteOffset + count;
      return hold(current, room.subarray(0, count));
    },
  };
}

/** Bytes that nothing else refers to. */
export function ownBytes(bytes: Uint8Array): HeldBuffer {
  return { bytes, part: ownBytes, release: () => undefined, own: () => bytes };
}

function newBuffer(): PooledBuffer {
  // Not from Node's pool: what is in there belongs to others too.
  const memory = new Uint8Array(Buffer.allocUnsafeSlow(PAGE).buffer);
  markReusable(memory.buffer);
  return { memory, used: 0, holds: 0 };
}
