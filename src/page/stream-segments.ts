import { splitSegments, type SegmentFiles, type SegmentLayout, type Segments } from './segment-files.ts';

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

/** A checkpoint copies the whole file of each connection. */
const LAYOUT: SegmentLayout = { length: 4 * 1024 * 1024, suffix: '' };

/** Bytes that are passed to a stream at once. */
const RUN_LENGTH = 1024 * 1024;

/**
 * Writes the bytes of a download by streams, which pages have too. A stream of the file system keeps nothing before it is
 * closed, and copies the whole file when it is opened again. So the bytes are in files of 4 MiB, and a checkpoint costs
 * one copy of each open one.
 */
export function streamSegments(files: SegmentFiles): Segments {
  const open = new Map<number, Segment>();
  /** The memory of runs that were passed on: Chromium collects much of it before it frees any. */
  const spare: Uint8Array<ArrayBuffer>[] = [];
  /** A stream that has failed has lost all that was written to it, so no later checkpoint may count it. */
  let lost: { readonly cause: unknown } | undefined;

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
    for (let from = 0; from < data.length;) {
      const start = position + from;
      let { run } = segment;
      if (run === undefined || run.start + run.length !== start) {
        await flush(segment, index);
        run = { start, bytes: spare.pop() ?? new Uint8Array(RUN_LENGTH), length: 0 };
        segment.run = run;
      }
      const part = data.subarray(from, from + RUN_LENGTH - run.length);
      run.bytes.set(part, run.length);
      run.length += part.length;
      from += part.length;
      if (run.length === RUN_LENGTH) await flush(segment, index);
    }
  }

  async function flush(segment: Segment, index: number): Promise<void> {
    const { run } = segment;
    if (run === undefined) return;
    if (segment.stream === undefined) {
      const file = await files.fileOf(LAYOUT, index);
      segment.stream = await file.createWritable({ keepExistingData: true });
    }
    const data = run.bytes.subarray(0, run.length);
    await segment.stream.write({ type: 'write', position: run.start, data });
    segment.run = undefined;
    spare.push(run.bytes);
  }

  async function close(segment: Segment, index: number): Promise<void> {
    await flush(segment, index);
    await segment.stream?.close();
    segment.stream = undefined;
  }

  function each(work: (segment: Segment, index: number) => Promise<void>): Promise<unknown> {
    return Promise.all([...open.keys()].map((index) => inTurn(index, (segment) => work(segment, index))));
  }

  async function sync(): Promise<void> {
    await each(close);
    if (lost !== undefined) throw new Error('the browser has not kept the last bytes', { cause: lost.cause });
  }

  return {
    open: () => files.open(LAYOUT),
    async write(position, bytes) {
      if (lost !== undefined) throw new Error('the browser has not kept the last bytes', { cause: lost.cause });
      await Promise.all(
        splitSegments(LAYOUT, position, position + bytes.length).map((part) => {
          const from = part.position - position;
          const data = bytes.subarray(from, from + part.end - part.start);
          return inTurn(part.index, (segment) => writePart(segment, part.index, part.start, data));
        }),
      );
    },
    sync,
    close: sync,
    async read(start, place) {
      for (const part of splitSegments(LAYOUT, start, start + place.length)) {
        await inTurn(part.index, async (segment) => {
          await close(segment, part.index);
          const slice = (await (await files.fileOf(LAYOUT, part.index)).getFile()).slice(part.start, part.end);
          if (slice.size < part.end - part.start) throw new Error('the stored bytes end too early');
          place.set(new Uint8Array(await slice.arrayBuffer()), part.position - start);
        });
      }
    },
    async empty() {
      await each(async (segment) => {
        segment.run = undefined;
        await segment.stream?.abort();
        segment.stream = undefined;
      });
      open.clear();
      lost = undefined;
      await files.remove();
    },
  };
}
