import { splitSegments, type SegmentFiles, type SegmentLayout, type Segments } from './segment-files.ts';

/** A file that is read and written in place. TypeScript knows it in workers alone. */
interface AccessHandle {
  read(bytes: Uint8Array, options: { readonly at: number }): number;
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  flush(): void;
  close(): void;
}

declare global {
  interface FileSystemFileHandle {
    createSyncAccessHandle?: () => Promise<AccessHandle>;
  }
}

/**
 * An open file takes two messages to another process, which wait behind all others. Not one file for all: Windows fills
 * the space before a write far behind the end of a file with zeros.
 */
const LAYOUT: SegmentLayout = { length: 64 * 1024 * 1024, suffix: 'w' };

/** An open file. */
interface OpenSegment {
  readonly handle: AccessHandle;
  /** Whether bytes were written since the last checkpoint. */
  isChanged: boolean;
}

/** Returns whether files can be written in place: in workers alone. */
export function hasAccessHandles(): boolean {
  return 'createSyncAccessHandle' in FileSystemFileHandle.prototype;
}

/**
 * Writes the bytes of a download in place, in a worker. A write is a call, without a copy, and twice as fast as one of a
 * stream. A handle locks its file, and is closed by the second checkpoint that finds no new bytes in it.
 */
export function handleSegments(files: SegmentFiles): Segments {
  const segments = new Map<number, OpenSegment>();
  const opening = new Map<number, Promise<void>>();
  /** A flush that fails may lose bytes, so no later checkpoint may count them. */
  let lost: { readonly cause: unknown } | undefined;

  function open(index: number): Promise<void> {
    const own =
      opening.get(index) ??
      (async () => {
        const handle = await (await files.fileOf(LAYOUT, index)).createSyncAccessHandle?.();
        if (handle === undefined) throw new Error('this browser cannot write in place');
        segments.set(index, { handle, isChanged: true });
      })().finally(() => void opening.delete(index));
    opening.set(index, own);
    return own;
  }

  /** Calls a function in the same turn in which its handle is known to be open: a checkpoint may close it in the next. */
  async function withSegment(index: number, work: (segment: OpenSegment) => void): Promise<void> {
    let segment = segments.get(index);
    while (segment === undefined) {
      await open(index);
      segment = segments.get(index);
    }
    work(segment);
  }

  function flush(segment: OpenSegment): void {
    segment.isChanged = false;
    try {
      segment.handle.flush();
    } catch (cause) {
      lost ??= { cause };
    }
  }

  function close(index: number, { handle }: OpenSegment): void {
    segments.delete(index);
    handle.close();
  }

  function throwIfLost(): void {
    if (lost !== undefined) throw new Error('the browser has not kept the last bytes', { cause: lost.cause });
  }

  return {
    open: () => files.open(LAYOUT),
    async write(position, bytes) {
      throwIfLost();
      for (const part of splitSegments(LAYOUT, position, position + bytes.length)) {
        const from = part.position - position;
        const data = bytes.subarray(from, from + part.end - part.start);
        await withSegment(part.index, (segment) => {
          segment.isChanged = true;
          writeAll(segment.handle, part.start, data);
        });
      }
    },
    async sync() {
      for (const [index, segment] of segments) {
        if (segment.isChanged) flush(segment);
        else close(index, segment);
      }
      throwIfLost();
    },
    async read(start, place) {
      for (const part of splitSegments(LAYOUT, start, start + place.length)) {
        const from = part.position - start;
        const own = place.subarray(from, from + part.end - part.start);
        await withSegment(part.index, ({ handle }) => {
          if (handle.read(own, { at: part.start }) < own.length) throw new Error('the stored bytes end too early');
        });
      }
    },
    async empty() {
      await Promise.allSettled(opening.values());
      for (const [index, segment] of segments) close(index, segment);
      lost = undefined;
      await files.remove();
    },
    async close() {
      await Promise.allSettled(opening.values());
      for (const [index, segment] of segments) {
        flush(segment);
        close(index, segment);
      }
      throwIfLost();
    },
  };
}

function writeAll(handle: AccessHandle, at: number, data: Uint8Array): void {
  // When the storage is full, some browsers write a part. Chromium 156 may return 2^32 - 8, which is its error as a number.
  if (handle.write(data, { at }) !== data.length) throw new DOMException('the storage is full', 'QuotaExceededError');
}
