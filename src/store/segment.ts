import type { Pinnable } from '../http/index.ts';
import { blockLength, bytesOf, type BlockRange } from '../cache/grid.ts';
import type { ChunkReader, ToReader } from './chunk-stream.ts';
import { makeSpare, type Spare } from './spare.ts';
import { isStoreError, storeError } from './store-error.ts';

/** Consecutive blocks of one version, to be brought by one read of the storage. */
export interface SegmentPlan {
  readonly key: string;
  readonly representation: Pinnable;
  readonly blockSize: number;
  readonly range: BlockRange;
  /** Where the read goes on behind its blocks. */
  readonly tail?: Tail | undefined;
  /** Called whenever nobody waits for its blocks any more. */
  readonly onLeft?: (() => void) | undefined;
}

/** What a read has behind its blocks. */
export interface Tail {
  /** Called when it needs its connection no more. Where it is left out, the tail is not kept. */
  readonly onClose?: (() => void) | undefined;
}

/** One read of the storage on its way into blocks. */
export interface Segment {
  /** In the order of the blocks; each is there as soon as its last byte is, and verified. */
  readonly blocks: readonly Promise<Uint8Array>[];
  /** When the storage has begun to answer; rejects where it can't. */
  readonly opened: Promise<void>;
  /** What follows its blocks, when they are all there; `undefined` where nothing does, or nobody waited for them. */
  readonly spare: Promise<Spare | undefined>;
  isHeld(): boolean;
  /** Whether it has the block, or will have it for who holds it now: not where it failed or was given up. */
  brings(index: number): boolean;
  /**
   * One more who waits for blocks of it.
   *
   * @returns gives that up, once. With nobody left, the block under way is finished and the read is given up
   */
  hold(): () => void;
}

/**
 * Reads blocks, at the storage's speed and not at the client's: what is in memory is bounded by the segment. Until it
 * is held for the first time, it reads on as if it were.
 *
 * @param open gives the body of exactly these blocks, and of what is spared
 */
export function readSegment(
  plan: SegmentPlan,
  open: () => Promise<ReadableStream<Uint8Array>>,
  toReader: ToReader,
): Segment {
  const { range, blockSize, representation, tail } = plan;
  const opened = slot<void>();
  const spare = slot<Spare | undefined>();
  const slots = Array.from({ length: range.end - range.start }, () => slot<Uint8Array>());
  let holds = 0;
  let isLeft = false;
  let isOver = false;
  let isSpared = false;
  let complete = range.start;
  let reader: ChunkReader | undefined;
  const giveBack = async () => {
    spare.resolve(undefined);
    tail?.onClose?.();
    await reader?.cancel().catch(() => undefined);
  };
  const fill = async () => {
    try {
      reader = toReader(await open());
      opened.resolve();
      const cutter = cut(reader);
      for (const [i, { resolve }] of slots.entries()) {
        if (isLeft && i > 0) throw storeError('aborted', 'nobody waits for the rest of the blocks');
        const index = range.start + i;
        const isLast = tail === undefined && index + 1 === range.end;
        resolve(await cutter.take(blockLength(index, blockSize, representation.size), isLast));
        complete++;
      }
      if (tail?.onClose === undefined || isLeft) return;
      const { end: start } = bytesOf(range, blockSize, representation.size);
      spare.resolve(makeSpare({ reader, held: cutter.rest(), start, onClose: tail.onClose }));
      isSpared = true;
    } catch (cause) {
      isOver = true;
      const error = isStoreError(cause) ? cause : storeError('unavailable', 'a body broke off', cause);
      opened.reject(error);
      for (const { reject } of slots) reject(error);
    } finally {
      if (!isSpared) await giveBack();
    }
  };
  void fill();
  return {
    blocks: slots.map(({ promise }) => promise),
    opened: opened.promise,
    spare: spare.promise,
    isHeld: () => holds > 0,
    brings: (index) => !isOver || index < complete,
    hold() {
      holds++;
      isLeft = false;
      let isHeld = true;
      return () => {
        if (isHeld) holds--;
        isHeld = false;
        isLeft = holds === 0;
        if (isLeft) plan.onLeft?.();
      };
    },
  };
}

/** Takes exactly so many bytes at a time out of chunks that end anywhere. */
function cut(reader: ChunkReader) {
  let chunk: Uint8Array = new Uint8Array(0);
  async function take(length: number, isLast: boolean): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      if (chunk.length === 0) chunk = await next(reader, length - at);
      const taken = chunk.subarray(0, length - at);
      bytes.set(taken, at);
      at += taken.length;
      chunk = chunk.subarray(taken.length);
    }
    if (isLast && (chunk.length > 0 || ((await reader.read(1))?.length ?? 0) > 0)) {
      throw storeError('nonsense', 'the storage sent more bytes than it said');
    }
    return bytes;
  }
  return { take, rest: () => chunk };
}

async function next(reader: ChunkReader, max: number): Promise<Uint8Array> {
  const chunk = await reader.read(max);
  if (chunk === undefined) throw storeError('nonsense', 'the storage ended a body early');
  return chunk;
}

/** A promise to keep or break from outside; broken with nobody looking, it is no failure. */
function slot<Value>() {
  const settlers: { resolve: (value: Value) => void; reject: (error: unknown) => void }[] = [];
  const promise = new Promise<Value>((resolve, reject) => settlers.push({ resolve, reject }));
  promise.catch(() => undefined);
  return {
    promise,
    resolve: (value: Value) => settlers[0]?.resolve(value),
    reject: (error: unknown) => settlers[0]?.reject(error),
  };
}
