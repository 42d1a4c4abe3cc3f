import {
  bodyLength,
  multipartTail,
  partHead,
  representationType,
  spanLength,
  type ByteDecision,
  type PlannedRead,
  type Span,
} from '../http/index.ts';
import type { ChunkReader, ToReader } from '../store/chunk-stream.ts';
import { storeError } from '../store/store-error.ts';
import { openRest } from '../store/continuation.ts';
import { expectEnd, nextChunk } from '../store/exact-body.ts';
import type { ObjectStore, OpenObject } from '../store/object-store.ts';

/** A body about to be sent: reads of the storage, in order, and the text around their parts. */
export interface Consignment {
  /** Exact length in bytes of everything together. */
  readonly length: number;
  readonly reads: readonly ConsignedRead[];
  /** Goes out after the last part; empty but for multipart. */
  readonly tail: Uint8Array;
  /** Fires when the client leaves, where the platform tells. */
  readonly signal: AbortSignal;
  /** How long the body may be left unread, in ms, before it is ended as aborted. Left out where the platform sees to it. */
  readonly idleTimeout?: number | undefined;
  /** Gives back what was opened ahead. Called however the body ends. */
  readonly close: () => void;
}

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

/** What the reads after the first need. */
export interface ReadContext {
  readonly store: ObjectStore;
  readonly key: string;
  readonly boundary: string;
  readonly signal: AbortSignal;
  readonly idleTimeout: number | undefined;
}

/** Makes the body of a decision that sends bytes, out of the read that is open and those still to come. */
export function consign(decision: ByteDecision, first: OpenObject, context: ReadContext): Consignment {
  const { representation } = first;
  const { boundary, signal, idleTimeout } = context;
  const length = bodyLength(decision, representation);
  if (decision.status === 200 || decision.form === 'single') {
    const parts = [{ head: EMPTY, span: decision.span }];
    const reads = [{ open: async () => first.body, span: decision.span, parts }];
    return { length, reads, tail: EMPTY, signal, idleTimeout, close: () => undefined };
  }
  const type = representationType(representation);
  const queue = openInTurn(first, decision.reads, context);
  const reads = decision.reads.map((read, i) => ({
    span: read.span,
    open: () => queue.open(i),
    parts: read.parts.map((span) => ({ span, head: latin1(partHead(boundary, type, span, representation.size)) })),
  }));
  return { length, reads, tail: latin1(multipartTail(boundary)), signal, idleTimeout, close: queue.close };
}

const EMPTY = new Uint8Array(0);

/** A read is opened ahead only behind one of so few bytes: behind more, a slow client would leave it idle for too long. */
const SHORT = 8 * 1024 * 1024;

type Body = ReadableStream<Uint8Array>;

interface Turns {
  /** In their order, each once. */
  readonly open: (i: number) => Promise<Body>;
  /** Gives back what was opened and not taken. */
  readonly close: () => void;
}

/**
 * The bodies of several reads, all of the first one's version. While one is sent the next is opened, so that its way
 * to the storage is not waited for. After the first byte there is no starting again: where that version is not to be
 * had any more, the answer ends.
 */
function openInTurn(first: OpenObject, reads: readonly PlannedRead[], { store, key, signal }: ReadContext): Turns {
  const { representation } = first;
  let next: Promise<Body> | undefined;
  let isClosed = false;

  function openAhead(i: number): void {
    const read = reads[i];
    if (read === undefined || isClosed || signal.aborted) return;
    next = openRest({ store, key, representation, rest: read.span }, { signal });
    // Its failure is told where it is taken.
    next.catch(() => undefined);
  }

  return {
    async open(i) {
      if (i > 0 && next === undefined) openAhead(i);
      const opened = i === 0 ? first.body : await next;
      next = undefined;
      if (opened === undefined) throw storeError('aborted', 'nobody takes the next part any more');
      const read = reads[i];
      if (read !== undefined && spanLength(read.span) <= SHORT) openAhead(i + 1);
      return opened;
    },
    close() {
      isClosed = true;
      next?.then((body) => body.cancel()).catch(() => undefined);
      next = undefined;
    },
  };
}

/** As the field values in the head of a part would go over the wire: a byte a character. */
function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
