import { steadyTime } from '../../base/clock.ts';
import type { Representation, Span, RangeSpec } from '../../http/index.ts';
import { chunkStream, type ChunkReader, type ToReader } from '../chunk-stream.ts';
import { reopenFrom } from '../reopen-from.ts';
import type { ObjectStore, ReadOptions } from '../object-store.ts';
import { readAheadPace } from './read-ahead-pace.ts';
import type { RetryBudget } from './retry-budget.ts';
import { isTransient, storeError } from '../store-error.ts';

/** A body that is read in parts. Its first part is open. */
export interface ParallelBody {
  readonly store: ObjectStore;
  readonly key: string;
  /** Options of the caller's read. Its signal, stats and version apply to all parts. */
  readonly options: ReadOptions;
  /** The representation that the first part's read returned. It has a strong entity tag. */
  readonly representation: Representation;
  /** The bytes of all parts, half-open. */
  readonly span: Span;
  /** The body of the first part, and its exclusive end in the object, in bytes. */
  readonly first: { readonly body: ReadableStream<Uint8Array>; readonly end: number };
  /** In bytes. */
  readonly partSize: number;
  /** Reads that are open at the same time at most, from 2. */
  readonly connections: number;
  readonly toReader: ToReader;
  readonly budget: RetryBudget;
}

/** The part whose bytes are returned now. */
interface CurrentPart {
  readonly reader: ChunkReader;
  readonly end: number;
}

/** A part that was requested before its turn. */
interface PrefetchedPart {
  readonly span: Span;
  readonly body: Promise<ReadableStream<Uint8Array>>;
  /** When its response arrived or its request failed, in ms by `steadyTime`; `undefined` before. */
  readySince: number | undefined;
}

/**
 * Joins the parts of a body in order. While one part is read, the next ones are open but unread, so their bytes wait in
 * the receive buffers of their connections. Parts are opened ahead only if the reader waits for the storage
 * ({@link readAheadPace}), so a slow client uses one connection.
 *
 * Each part is pinned to the version of the first ({@link reopenFrom}). If the object is replaced meanwhile, the body
 * throws StoreError `version-changed`, unless the storage keeps the old version. The failure of a prefetched part is
 * thrown when its turn comes.
 */
export function joinParts(parallel: ParallelBody): ReadableStream<Uint8Array> {
  const { signal } = parallel.options;
  const reader = partsReader(parallel);
  const abort = () => void reader.close();
  // The signal is needed besides `cancel`: a pipe may call `cancel` only after the next bytes.
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted === true) abort();
  const removeListener = () => signal?.removeEventListener('abort', abort);
  return chunkStream({
    async read(max) {
      try {
        const chunk = await reader.next(max);
        if (chunk === undefined) removeListener();
        return chunk;
      } catch (error) {
        // A stream that errors is not cancelled, so its parts are closed here.
        removeListener();
        await reader.close();
        throw error;
      }
    },
    async cancel() {
      removeListener();
      await reader.close();
    },
  });
}

/** Reads the bytes of all parts, chunk by chunk. */
function partsReader({ first, ...parallel }: ParallelBody) {
  const { store, key, options, representation, span, partSize, connections, toReader, budget } = parallel;
  const { stats, version } = options;
  const aborter = new AbortController();
  const prefetched: PrefetchedPart[] = [];
  const pace = readAheadPace(partSize, connections - 1);
  let current: CurrentPart = { reader: toReader(first.body), end: first.end };
  let offset = span.start;
  /** The exclusive end of the last part that was requested. */
  let requestedEnd = first.end;

  function assertNotAborted(): void {
    if (aborter.signal.aborted) throw storeError('aborted', 'the parts of the body are no longer wanted');
  }

  function openPart(rest: Span): Promise<ReadableStream<Uint8Array>> {
    return reopenFrom({ store, key, representation, rest, version }, { signal: aborter.signal, stats });
  }

  /** Requests parts until `count` of them are open ahead. */
  function prefetch(count: number): void {
    while (prefetched.length < count && requestedEnd < span.end) {
      const next = nextPart(requestedEnd, span.end, partSize);
      requestedEnd = next.end;
      const part: PrefetchedPart = { span: next, body: openPart(next), readySince: undefined };
      const setReady = () => {
        part.readySince = steadyTime();
      };
      // This also handles the rejection. It is thrown when the part's turn comes.
      part.body.then(setReady, setReady);
      prefetched.push(part);
    }
  }

  /** Waits for a prefetched part. If its request failed temporarily, maybe long ago, it is sent once more. */
  async function bodyOf({ span: rest, body }: PrefetchedPart): Promise<ReadableStream<Uint8Array>> {
    try {
      return await body;
    } catch (error) {
      if (!isTransient(error) || aborter.signal.aborted || !budget.take()) throw error;
      return openPart(rest);
    }
  }

  /** Makes the next part the current one. */
  async function advance(): Promise<void> {
    prefetch(1);
    const part = prefetched.shift();
    if (part === undefined) throw storeError('invalid-response', `a body of parts has none behind byte ${offset}`);
    pace.onTurn(part.readySince);
    prefetch(pace.lead());
    const body = await bodyOf(part);
    if (aborter.signal.aborted) await cancelBody(body);
    assertNotAborted();
    pace.onOpen();
    current = { reader: toReader(body), end: part.span.end };
  }

  /** Reads the next bytes of the current part; `undefined` at its end. */
  async function read(max: number): Promise<Uint8Array | undefined> {
    const chunk = await current.reader.read(max);
    assertNotAborted();
    if (chunk === undefined && offset < current.end)
      throw storeError('unavailable', `a part ended at byte ${offset}, before ${current.end}`);
    offset += chunk?.length ?? 0;
    if (offset > current.end) throw storeError('invalid-response', 'the storage sent more bytes than it said');
    return chunk;
  }

  return {
    /** Reads the next chunk, of `max` bytes at most; `undefined` at the end. */
    async next(max: number): Promise<Uint8Array | undefined> {
      assertNotAborted();
      pace.onAsk();
      let chunk = await read(max);
      while (chunk === undefined && offset < span.end) {
        await advance();
        chunk = await read(max);
      }
      pace.onBytes(chunk?.length ?? 0);
      prefetch(pace.lead());
      return chunk;
    },
    /** Closes the current part and all prefetched ones, without a wait for pending responses. Never rejects. */
    async close(): Promise<void> {
      aborter.abort();
      const ready = prefetched.splice(0).map(async ({ body, readySince }) => {
        const cancelled = body.then(cancelBody, () => undefined);
        if (readySince !== undefined) await cancelled;
      });
      await Promise.all([...ready, current.reader.cancel().catch(() => undefined)]);
    },
  };
}

function cancelBody(body: ReadableStream<Uint8Array>): Promise<void> {
  return body.cancel().catch(() => undefined);
}

/**
 * Plans the first part of a read, in bounded form, so that its response contains the size and the entity tag of the
 * object.
 *
 * @param range of the caller's read; `undefined` for the whole object
 * @param partSize in bytes
 * @returns `undefined` if the range is read in one: it is no longer than a part, or it is a suffix, whose start is
 *   unknown as long as the size is unknown
 */
export function firstPart(range: RangeSpec | undefined, partSize: number): RangeSpec | undefined {
  if (range?.form === 'suffix') return undefined;
  const start = range?.start ?? 0;
  const end = start + partSize;
  const isInOne = range?.form === 'bounded' && range.end <= end;
  return isInOne || !Number.isSafeInteger(end) ? undefined : { form: 'bounded', start, end };
}

/**
 * Plans the part that follows another.
 *
 * @param start of the part, in bytes
 * @param end of all parts, exclusive, in bytes
 * @param partSize in bytes
 */
export function nextPart(start: number, end: number, partSize: number): Span {
  return { start, end: Math.min(start + partSize, end) };
}
