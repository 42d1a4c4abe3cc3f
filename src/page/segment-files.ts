import { toHex } from '../base/hex.ts';

/** The bytes of one download in the origin's private file system, as files of one length. */
export interface Segments {
  /** Removes what no run can use. Returns the end of the last byte that is there; 0 if there is nothing. */
  open(): Promise<number>;
  write(position: number, bytes: Uint8Array): Promise<void>;
  /** Makes durable all that was written before the call. */
  sync(): Promise<void>;
  /** Fills `place` with bytes that were written, from `start` on. */
  read(start: number, place: Uint8Array): Promise<void>;
  /** Removes all bytes. */
  empty(): Promise<void>;
  /** Closes all files, after a `sync` of them. */
  close(): Promise<void>;
}

/** The files of one download. */
export interface SegmentFiles {
  /** Opens the file of a segment, and creates it if it is missing. */
  fileOf(layout: SegmentLayout, index: number): Promise<FileSystemFileHandle>;
  /** Removes files of another layout. Returns the end of the last byte that is there; 0 if there is nothing. */
  open(layout: SegmentLayout): Promise<number>;
  /** Returns the bytes as one Blob that stays on disk. */
  toBlob(): Promise<Blob>;
  remove(): Promise<void>;
}

/** How the bytes are cut into files. */
export interface SegmentLayout {
  /** Bytes of each file but the last one. */
  readonly length: number;
  /** The end of the names of the files, after the index: none, or `w`. */
  readonly suffix: '' | 'w';
}

/** The bytes of a read or write that are in one segment. */
export interface SegmentPart {
  readonly index: number;
  /** Of its first byte, in the whole. */
  readonly position: number;
  /** From the start of the file, half-open. */
  readonly start: number;
  readonly end: number;
}

/** The name of a segment's file: its index, and the suffix of its layout. */
const SEGMENT_NAME = /^(\d+)(w?)$/;

/** The folder of all downloads in the origin's private file system. */
const FOLDER = 'rangeway';

/** Cuts the bytes from `start` to `end`, half-open, at the borders of segments. */
export function splitSegments({ length }: SegmentLayout, start: number, end: number): readonly SegmentPart[] {
  const parts: SegmentPart[] = [];
  for (let from = start; from < end;) {
    const index = Math.floor(from / length);
    const first = index * length;
    const to = Math.min(end, first + length);
    parts.push({ index, position: from, start: from - first, end: to - first });
    from = to;
  }
  return parts;
}

/**
 * Finds the files of a download.
 *
 * @param id of the download's record
 */
export function segmentFiles(id: string): SegmentFiles {
  /** Each step to it is a message to another process. */
  let opened: Promise<FileSystemDirectoryHandle> | undefined;

  function folder(): Promise<FileSystemDirectoryHandle> {
    opened ??= (async () => (await parent()).getDirectoryHandle(await folderName(id), { create: true }))();
    opened.catch(() => (opened = undefined));
    return opened;
  }

  async function files(): Promise<readonly { readonly index: number; readonly file: File }[]> {
    const found: { readonly index: number; readonly file: File }[] = [];
    for await (const [key, handle] of (await folder()).entries()) {
      const [, index] = SEGMENT_NAME.exec(key) ?? [];
      if (index === undefined || !(handle instanceof FileSystemFileHandle)) continue;
      found.push({ index: Number(index), file: await handle.getFile() });
    }
    return found.toSorted((a, b) => a.index - b.index);
  }

  /** Chromium keeps the swap files of streams that a closed tab has left open, as files of the same folder. */
  async function removeOthers({ suffix }: SegmentLayout): Promise<void> {
    const all = await folder();
    const others = (await Array.fromAsync(all.keys())).filter((key) => SEGMENT_NAME.exec(key)?.[2] !== suffix);
    const removals = others.map((key) => all.removeEntry(key));
    // One that is locked takes space, and is removed with the folder.
    await Promise.allSettled(removals);
  }

  return {
    fileOf: async ({ suffix }, index) => (await folder()).getFileHandle(`${index}${suffix}`, { create: true }),
    async open(layout) {
      await removeOthers(layout);
      const last = (await files()).at(-1);
      return last === undefined ? 0 : last.index * layout.length + last.file.size;
    },
    toBlob: async () => new Blob((await files()).map(({ file }) => file)),
    async remove() {
      opened = undefined;
      const all = await parent();
      await all.removeEntry(await folderName(id), { recursive: true }).catch((error: unknown) => {
        if (!(error instanceof DOMException) || error.name !== 'NotFoundError') throw error;
      });
    },
  };
}

async function parent(): Promise<FileSystemDirectoryHandle> {
  return (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
}

async function folderName(id: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(id)));
  return toHex(digest.subarray(0, 16));
}
