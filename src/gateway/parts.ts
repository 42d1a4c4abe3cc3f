import type { Span } from '../http/index.ts';
import type { ChunkReader, ToReader } from '../store/chunk-reader.ts';
import { storeError } from '../store/store-error.ts';

/** One read of the storage. */
export interface ConsignedRead {
  /** Opens the read, or hands over a body that is open already. Called once. Throws a StoreError. */
  open(): Promise<ReadableStream<Uint8Array>>;
  /** What the opened body yields. */
  readonly span: Span;
  /** In ascending order, inside `span`. */
  readonly parts: readonly ConsignedPart[];
}

/** Bytes to pass on, and the text that goes out before them; empty but for multipart. */
export interface ConsignedPart {
  readonly head: Uint8Array;
  readonly span: Span;
}

/** Carries one answer's reads: counts their bytes, and says which is under way, so that one that hangs can be stopped. */
export interface Courier {
  bytesRead: number;
  /** The read that is under way. */
  reader: ChunkReader | undefined;
}

/** Makes a courier that has carried nothing yet. */
export function startCourier(): Courier {
  return { bytesRead: 0, reader: undefined };
}

/** The bytes of one read that go out, in order. */
export interface PartsReader {
  /**
   * @returns `undefined` at the end
   * @throws StoreError where the body has fewer bytes than it should or more, before its last bytes are given
   */
  next(): Promise<Uint8Array | undefined>;
  /** Gives the storage's connection back, however far it got. Never rejects. */
  end(): Promise<void>;
}

/** Opens a read when it is asked for the first bytes, and gives its parts, each after its head, without those between. */
export function partsReader(read: ConsignedRead, courier: Courier, toReader: ToReader): PartsReader {
  const { span, parts } = read;
  let reader: ChunkReader | undefined;
  let at = span.start;
  let chunk: Uint8Array = NO_BYTES;
  let index = 0;
  let isHeadDue = true;
  let isEnded = false;

  async function begin(): Promise<ChunkReader> {
    const opened = toReader(await read.open());
    courier.reader = opened;
    // Nobody was there to be told while it was opened.
    if (isEnded) await opened.cancel().catch(() => undefined);
    return opened;
  }

  return {
    async next() {
      reader ??= await begin();
      for (;;) {
        const part = parts[index];
        if (part === undefined) return undefined;
        if (isHeadDue) {
          isHeadDue = false;
          if (part.head.length > 0) return part.head;
        }
        if (at >= part.span.end) {
          index++;
          isHeadDue = true;
          continue;
        }
        if (chunk.length === 0) {
          chunk = await nextChunk(reader, span.end - at);
          courier.bytesRead += chunk.length;
        }
        const skipped = Math.min(chunk.length, Math.max(0, part.span.start - at));
        const taken = chunk.subarray(skipped, part.span.end - at);
        at += skipped + taken.length;
        chunk = chunk.subarray(skipped + taken.length);
        if (at === span.end) await expectEnd(reader);
        if (taken.length > 0) return taken;
      }
    },
    async end() {
      isEnded = true;
      await reader?.cancel().catch(() => undefined);
    },
  };
}

const NO_BYTES = new Uint8Array(0);

/**
 * The same for a loop. The storage's connection is given back however it ends.
 *
 * @throws StoreError as {@link PartsReader} does
 */
export async function* readParts(
  read: ConsignedRead,
  courier: Courier,
  toReader: ToReader,
): AsyncGenerator<Uint8Array, undefined> {
  const reader = partsReader(read, courier, toReader);
  try {
    for (;;) {
      const chunk = await reader.next();
      if (chunk === undefined) return undefined;
      yield chunk;
    }
  } finally {
    await reader.end();
  }
}

/** A storage that sends more than it said has said something wrong: the last bytes are held back until it is seen to end. */
async function expectEnd(reader: ChunkReader): Promise<void> {
  for (;;) {
    const chunk = await reader.read(1);
    if (chunk === undefined) return;
    if (chunk.length > 0) throw storeError('nonsense', 'the storage sent more bytes than it said');
  }
}

/** @param left bytes that the body still owes, more than 0 */
async function nextChunk(reader: ChunkReader, left: number): Promise<Uint8Array> {
  for (;;) {
    const chunk = await reader.read(left);
    if (chunk === undefined) throw storeError('nonsense', `the storage ended a body ${left} bytes early`);
    if (chunk.length > left) throw storeError('nonsense', `the storage sent ${chunk.length - left} bytes too many`);
    if (chunk.length > 0) return chunk;
  }
}
