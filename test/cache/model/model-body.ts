import { chunkStream, markReusable, type ChunkReader } from '../../../src/store/chunk-stream.ts';
import { storeError } from '../../../src/store/store-error.ts';
import type { Turns } from './turns.ts';

/** How a body ends: correctly, too early, with surplus bytes, with an error, or only when it is cancelled. */
export type Ending = 'whole' | 'early' | 'surplus' | 'fails' | 'hangs';

export interface BodyScript {
  readonly bytes: Uint8Array;
  readonly ending: Ending;
  /** Bytes before it ends early, fails or hangs. */
  readonly after: number;
  /** The maximum length of a chunk, in bytes. */
  readonly chunk: number;
  /** The maximum number of turns before a chunk. */
  readonly delay: number;
  readonly isReusable: boolean;
  /** Whether a chunk is never longer than requested. */
  readonly isMeasured: boolean;
}

/** A body, with a record of its use. */
export interface ModelBody {
  readonly reader: ChunkReader;
  /** Bytes yielded. */
  readonly given: () => number;
  /** Whether it was read to its end, has failed, or was cancelled. */
  readonly isClosed: () => boolean;
  /** Calls that no reader may make. */
  readonly misuse: string[];
  /** Called before each read, with the number of bytes yielded before. */
  onRead: (given: number) => void;
  /** Makes a hanging body fail, as a timeout does. */
  release(): void;
}

/** Makes a body. */
export function modelBody({ random, wait }: Turns, script: BodyScript): ModelBody {
  const { bytes, ending, after, chunk: most, delay, isReusable, isMeasured } = script;
  const end = ending === 'whole' || ending === 'surplus' ? bytes.length : after;
  const memory = new Uint8Array(isReusable ? most : 0);
  if (isReusable) markReusable(memory.buffer);
  const misuse: string[] = [];
  let at = 0;
  let isClosed = false;
  let isReading = false;
  let cancels = 0;
  let surplus = ending === 'surplus' ? 1 + random.below(3) : 0;
  let stop = (): void => undefined;
  const cancelled = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
  });
  let release = (): void => undefined;
  const released = new Promise<never>((_, reject) => {
    release = () => reject(storeError('unavailable', 'it was silent for too long'));
  });
  released.catch(() => undefined);

  function give(source: Uint8Array): Uint8Array {
    if (!isReusable) return source.slice();
    memory.fill(0xaa);
    memory.set(source);
    return memory.subarray(0, source.length);
  }

  async function next(max: number): Promise<Uint8Array | undefined> {
    await wait(random.below(delay + 1));
    if (isClosed) return undefined;
    const room = Math.min(most, isMeasured ? max : most);
    if (at < end) {
      if (random.oneIn(20)) return new Uint8Array(0);
      const from = at;
      at = Math.min(end, at + 1 + random.below(room));
      // The surplus is in the last chunk, or in a chunk of its own.
      const isOver = at === bytes.length && surplus > 0 && at - from < room && !isMeasured && random.oneIn(2);
      return give(isOver ? Buffer.concat([bytes.subarray(from, at), new Uint8Array(1)]) : bytes.subarray(from, at));
    }
    if (surplus-- > 0) return give(new Uint8Array(1));
    if (ending === 'fails') throw random.oneIn(2) ? new Error('reset') : storeError('throttled', 'it broke');
    if (ending === 'hangs') return released;
    return undefined;
  }

  const body: ModelBody = {
    given: () => at,
    isClosed: () => isClosed,
    misuse,
    onRead: () => undefined,
    release,
    reader: {
      async read(max) {
        if (isReading) misuse.push('two reads at once');
        // After an empty chunk, a cancelled body may be read once more; it has ended then.
        if (isClosed && cancels === 0) misuse.push('read behind its end');
        if (max < 1) misuse.push('read of no bytes');
        if (!isClosed) body.onRead(at);
        isReading = true;
        try {
          const chunk = isClosed ? undefined : await Promise.race([next(max), cancelled]);
          if (chunk === undefined) isClosed = true;
          return chunk;
        } catch (error) {
          isClosed = true;
          throw error;
        } finally {
          isReading = false;
        }
      },
      async cancel() {
        if (cancels++ > 0) misuse.push('cancelled twice');
        isClosed = true;
        stop();
        if (random.oneIn(4)) throw new Error('it can not be cancelled');
      },
    },
  };
  return body;
}

/** A random script. @param scale the length of a block, in bytes, around which the lengths of chunks are chosen */
export function randomScript(
  { random }: Turns,
  bytes: Uint8Array,
  scale: number,
  endings: readonly Ending[],
): BodyScript {
  return {
    bytes,
    ending: random.pick(endings),
    after: random.oneIn(4) ? bytes.length : random.below(bytes.length + 1),
    chunk: Math.max(1, random.pick([1, 3, scale >> 1, scale - 1, scale, scale + 1, 3 * scale])),
    delay: random.pick([0, 1, 3]),
    isReusable: random.oneIn(2),
    isMeasured: random.oneIn(2),
  };
}

/** A body as a stream: a chunkStream, or a stream of the platform. */
export function toStream({ reader }: ModelBody, isPlatforms: boolean): ReadableStream<Uint8Array> {
  if (!isPlatforms) return chunkStream(reader);
  return new ReadableStream(
    {
      async pull(controller) {
        // Streams of the platform have no empty chunks, and own their memory.
        for (;;) {
          const chunk = await reader.read(Number.MAX_SAFE_INTEGER);
          if (chunk?.length === 0) continue;
          if (chunk === undefined) controller.close();
          else controller.enqueue(chunk.slice());
          return;
        }
      },
      cancel: () => reader.cancel(),
    },
    { highWaterMark: 0 },
  );
}
