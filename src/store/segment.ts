import { blockLength, bytesOf, type BlockRange } from '../cache/grid.ts';
import { strongEqual, type EntityTag, type Span } from '../http/index.ts';
import type { ChunkReader, ToReader } from './chunk-reader.ts';
import type { CallOptions, ObjectStore, OpenObject } from './object-store.ts';
import type { Pinnable } from './pinnable.ts';
import { storeError } from './store-error.ts';

/** Consecutive blocks of one version, to be brought by one read of the storage. */
export interface SegmentPlan {
  readonly key: string;
  readonly representation: Pinnable;
  readonly blockSize: number;
  readonly range: BlockRange;
}

/** One read of the storage on its way into blocks. */
export interface Segment {
  /** In the order of the blocks; each is there as soon as its last byte is, and verified. */
  readonly blocks: readonly Promise<Uint8Array>[];
  /** One more who waits for blocks of it. */
  join(): void;
  /** One fewer. With nobody left, the block under way is finished and the read is given up. */
  leave(): void;
}

/**
 * Reads blocks, at the storage's speed and not at the client's: what is in memory is bounded by the segment.
 *
 * @param open gives the body of exactly these blocks
 * @param onBlock called with each block as it is complete
 */
export function readSegment(
  plan: SegmentPlan,
  open: () => Promise<ReadableStream<Uint8Array>>,
  toReader: ToReader,
  onBlock: (index: number, bytes: Uint8Array) => void,
): Segment {
  const { range, blockSize, representation } = plan;
  let waiting = 1;
  const slots = Array.from({ length: range.end - range.start }, slot);
  const fill = async () => {
    let reader: ChunkReader | undefined;
    try {
      reader = toReader(await open());
      const take = exactly(reader);
      for (const [i, { resolve }] of slots.entries()) {
        if (waiting === 0 && i > 0) throw storeError('aborted', 'nobody waits for the rest of the blocks');
        const index = range.start + i;
        const bytes = await take(blockLength(index, blockSize, representation.size), index + 1 === range.end);
        onBlock(index, bytes);
        resolve(bytes);
      }
    } catch (error) {
      for (const { reject } of slots) reject(error);
    } finally {
      await reader?.cancel().catch(() => undefined);
    }
  };
  void fill();
  return {
    blocks: slots.map(({ promise }) => promise),
    join: () => void waiting++,
    leave: () => void waiting--,
  };
}

/**
 * Opens the read of a segment, pinned.
 *
 * @throws StoreError `changed` where the version is gone, `nonsense` where it is not what was asked
 */
export async function openSegment(
  store: ObjectStore,
  { key, representation, blockSize, range }: SegmentPlan,
  call: CallOptions,
): Promise<ReadableStream<Uint8Array>> {
  const { etag, size } = representation;
  return openPinned(store, key, { etag, size }, bytesOf(range, blockSize, size), call);
}

/** Opens exactly these bytes of exactly this version, and refuses anything else. */
export async function openPinned(
  store: ObjectStore,
  key: string,
  version: { readonly etag: EntityTag; readonly size: number },
  span: Span,
  { tally }: CallOptions,
): Promise<ReadableStream<Uint8Array>> {
  const result = await store.read(key, {
    tally,
    range: { form: 'bounded', ...span },
    conditions: { ifMatch: [version.etag] },
  });
  if (result.type !== 'open') throw storeError('changed', `the object was ${result.type} when blocks of it were read`);
  if (isOf(result, version, span)) return result.body;
  await result.body.cancel().catch(() => undefined);
  throw storeError('nonsense', `the storage gave other bytes than ${span.start} to ${span.end}`);
}

function isOf(
  { representation, span: given }: OpenObject,
  { etag, size }: { readonly etag: EntityTag; readonly size: number },
  span: Span,
): boolean {
  const isVersion = representation.etag !== undefined && strongEqual(representation.etag, etag);
  return isVersion && representation.size === size && given.start === span.start && given.end === span.end;
}

/** Takes exactly so many bytes at a time out of chunks that end anywhere. */
function exactly(reader: ChunkReader): (length: number, isLast: boolean) => Promise<Uint8Array> {
  let chunk: Uint8Array = new Uint8Array(0);
  return async (length, isLast) => {
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
  };
}

async function next(reader: ChunkReader, max: number): Promise<Uint8Array> {
  const chunk = await reader.read(max);
  if (chunk === undefined) throw storeError('nonsense', 'the storage ended a body early');
  return chunk;
}

/** A promise to keep or break from outside; broken with nobody looking, it is no failure. */
function slot() {
  const settlers: { resolve: (bytes: Uint8Array) => void; reject: (error: unknown) => void }[] = [];
  const promise = new Promise<Uint8Array>((resolve, reject) => settlers.push({ resolve, reject }));
  promise.catch(() => undefined);
  return {
    promise,
    resolve: (bytes: Uint8Array) => settlers[0]?.resolve(bytes),
    reject: (error: unknown) => settlers[0]?.reject(error),
  };
}
