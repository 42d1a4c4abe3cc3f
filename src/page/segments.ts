/** The bytes of one download in the origin's private file system, as files of {@link SEGMENT_LENGTH} bytes. */
export interface Segments {
  /** Removes what no run can use. Returns the end of the last byte that is there; 0 if there is nothing. */
  open(): Promise<number>;
  write(position: number, bytes: Uint8Array): Promise<void>;
  /** Makes durable all that was written before the call. */
  sync(): Promise<void>;
  /** Reads bytes that were written, from `start` to `end`, half-open. */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Removes all bytes. */
  empty(): Promise<void>;
  /** Returns the bytes as one Blob that stays on disk. */
  toBlob(): Promise<Blob>;
}

interface Segment {
  /** The operations of one segment run one after the other: two open streams would write over each other. */
  turn: Promise<void>;
  stream: FileSystemWritableFileStream | undefined;
  /** Bytes that are not yet passed to the stream, whose calls cost more than the bytes of a chunk. */
  run: Run | undefined;
}

/** Bytes in a row, from a position in their segment. */
interface Run {
  readonly start: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  length: number;
}

/** The name of a segment's file: its index. */
const SEGMENT_NAME = /^\d+$/;

/** The folder of all downloads in the origin's private file system. */
const FOLDER = 'rangeway';

/**
 * Opens the bytes of a download. A stream of the file system keeps nothing before it is closed, and copies the whole
 * file when it is opened again. So the bytes are in files of 4 MiB, and a checkpoint costs one copy of each open one.
 *
 * @param name of the download, without a slash
 */
export function segments(name: string): Segments {
  const open = new Map<number, Segment>();
  /** A stream that has failed has lost all that was written to it, so no later checkpoint may count it. */
  let lost: { readonly cause: unknown } | undefined;

  async function folder(): Promise<FileSystemDirectoryHandle> {
    const all = await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
    return all.getDirectoryHandle(name, { create: true });
  }

  function inTurn(index: number, work: (segment: Segment) => Promise<void>): Promise<void> {
    const segment = open.get(index) ?? { turn: Promise.resolve(), stream: undefined, run: undefined };
    open.set(index, segment);
    const done = segment.turn.then(() => work(segment));
    segment.turn = done.catch((cause: unknown) => {
      if (segment.stream !== undefined || segment.run !== undefined) lost ??= { cause };
      segment.stream = undefined;
      segment.run = undefined;
    });
    return done;
  }

  async function writePart(segment: Segment, index: number, position: number, data: Uint8Array): Promise<void> {
    const { run } = segment;
    const isNext = run !== undefined && run.start + run.length === position;
    if (!isNext || run.length + data.length > run.bytes.length) {
      await flush(segment, index);
      segment.run = { start: position, bytes: new Uint8Array(Math.max(RUN_LENGTH, data.length)), length: 0 };
    }
    if (segment.run === undefined) return;
    segment.run.bytes.set(data, segment.run.length);
    segment.run.length += data.length;
  }

  async function flush(segment: Segment, index: number): Promise<void> {
    const { run } = segment;
    if (run === undefined) return;
    if (segment.stream === undefined) {
      const file = await (await folder()).getFileHandle(String(index), { create: true });
      segment.stream = await file.createWritable({ keepExistingData: true });
    }
    const data = run.bytes.subarray(0, run.length);
    await segment.stream.write({ type: 'write', position: run.start, data });
    segment.run = undefined;
  }

  async function close(segment: Segment, index: number): Promise<void> {
    await flush(segment, index);
    await segment.stream?.close();
    segment.stream = undefined;
  }

  function each(work: (segment: Segment, index: number) => Promise<void>): Promise<unknown> {
    return Promise.all([...open.keys()].map((index) => inTurn(index, (segment) => work(segment, index))));
  }

  async function files(): Promise<readonly { readonly index: number; readonly file: File }[]> {
    const found: { readonly index: number; readonly file: File }[] = [];
    for await (const [key, handle] of (await folder()).entries()) {
      if (!SEGMENT_NAME.test(key) || !(handle instanceof FileSystemFileHandle)) continue;
      found.push({ index: Number(key), file: await handle.getFile() });
    }
    return found.toSorted((a, b) => a.index - b.index);
  }

  /** Chromium keeps the swap files of streams that a closed tab has left open, as files of the same folder. */
  async function removeSwapFiles(): Promise<void> {
    const all = await folder();
    const keys = await Array.fromAsync(all.keys());
    const removals = keys.filter((key) => !SEGMENT_NAME.test(key)).map((key) => all.removeEntry(key));
    // One that is locked takes space, and is removed with the folder.
    await Promise.allSettled(removals);
  }

  async function sync(): Promise<void> {
    await each(close);
    if (lost !== undefined) throw new Error('the browser has not kept the last bytes', { cause: lost.cause });
  }

  return {
    async open() {
      await removeSwapFiles();
      const last = (await files()).at(-1);
      return last === undefined ? 0 : last.index * SEGMENT_LENGTH + last.file.size;
    },
    async write(position, bytes) {
      if (lost !== undefined) throw new Error('the browser has not kept the last bytes', { cause: lost.cause });
      const parts = splitSegments(position, position + bytes.length);
      await Promise.all(
        parts.map(({ index, start, end }) => {
          const data = bytes.subarray(start - position, end - position);
          return inTurn(index, (segment) => writePart(segment, index, start - index * SEGMENT_LENGTH, data));
        }),
      );
    },
    sync,
    async read(start, end) {
      const bytes = new Uint8Array(end - start);
      for (const part of splitSegments(start, end)) {
        await inTurn(part.index, async (segment) => {
          await close(segment, part.index);
          const file = await (await (await folder()).getFileHandle(String(part.index))).getFile();
          const from = part.start - part.index * SEGMENT_LENGTH;
          const slice = file.slice(from, from + part.end - part.start);
          if (slice.size < part.end - part.start) throw new Error('the stored bytes end too early');
          bytes.set(new Uint8Array(await slice.arrayBuffer()), part.start - start);
        });
      }
      return bytes;
    },
    async empty() {
      await each(async (segment) => {
        segment.run = undefined;
        await segment.stream?.abort();
        segment.stream = undefined;
      });
      open.clear();
      lost = undefined;
      const all = await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
      await all.removeEntry(name, { recursive: true }).catch((error: unknown) => {
        if (!(error instanceof DOMException) || error.name !== 'NotFoundError') throw error;
      });
    },
    toBlob: async () => new Blob((await files()).map(({ file }) => file)),
  };
}

/** Bytes that are passed to a stream at once. */
const RUN_LENGTH = 1024 * 1024;

/** Bytes of a segment: what a checkpoint copies at most for each connection. */
const SEGMENT_LENGTH = 4 * 1024 * 1024;

interface SegmentPart {
  readonly index: number;
  /** From the start of the file, half-open. */
  readonly start: number;
  readonly end: number;
}

/** Cuts the bytes from `start` to `end`, half-open, at the borders of segments. */
function splitSegments(start: number, end: number): readonly SegmentPart[] {
  const parts: SegmentPart[] = [];
  for (let from = start; from < end;) {
    const index = Math.floor(from / SEGMENT_LENGTH);
    const to = Math.min(end, (index + 1) * SEGMENT_LENGTH);
    parts.push({ index, start: from, end: to });
    from = to;
  }
  return parts;
}
