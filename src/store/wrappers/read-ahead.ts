import { steadyTime } from '../../base/clock.ts';
import type { Representation, Span, RangeSpec } from '../../http/index.ts';
import { chunkStream, type ChunkReader, type ToReader } from '../chunk-stream.ts';
import { reopenFrom } from '../reopen-from.ts';
import type { ObjectStore, ReadOptions } from '../object-store.ts';
import { readAheadPace } from './read-ahead-pace.ts';
import type { RetryBudget } from './retry-budget.ts';
import { isTransient, storeError } from '../store-error.ts';

/** A body that is read in parts, of which the first is open. */
export interface PartedBody {
  readonly store: ObjectStore;
  readonly key: string;
  /** As the caller asked; its signal, tally and version hold for all parts. */
  readonly asked: ReadOptions;
  /** As the first part's answer told it; it has a strong tag. */
  readonly representation: Representation;
  /** The bytes of all parts. */
  readonly span: Span;
  /** The first part's body, and where that part ends in the object, in bytes. */
  readonly first: { readonly body: ReadableStream<Uint8Array>; readonly end: number };
  /** In bytes. */
  readonly partSize: number;
  /** Reads that are open at a time at the most, from 2. */
  readonly connections: number;
  readonly toReader: ToReader;
  readonly budget: RetryBudget;
}

/** The part that is handed to the reader. */
interface CurrentPart {
  readonly reader: ChunkReader;
  readonly end: number;
}

/** A part that was asked for before its turn. */
interface PartAhead {
  readonly span: Span;
  readonly body: Promise<ReadableStream<Uint8Array>>;
  /** When its answer was there, in ms of `steadyTime`; `undefined` before. */
  readySince: number | undefined;
}

/**
 * Joins the parts of a body in order. While one is handed out, the next ones are open and unread: what they bring waits
 * in the receive buffers of their connections. They are opened only as long as the reader waits for the storage
 * ({@link readAheadPace}), so a slow client holds one connection.
 *
 * Each part is pinned to the version of the first ({@link reopenFrom}): an object that is replaced meanwhile ends the
 * body with the StoreError `changed`, unless the storage keeps its old version. A part that fails ahead is told when
 * its turn comes.
 */
export function joinParts(parted: PartedBody): ReadableStream<Uint8Array> {
  const { signal } = parted.asked;
  const bytes = partsReader(parted);
  const leave = () => void bytes.end();
  // Beside `cancel`, which a pipe may call only when the next bytes are there.
  signal?.addEventListener('abort', leave, { once: true });
  if (signal?.aborted === true) leave();
  const settle = () => signal?.removeEventListener('abort', leave);
  return chunkStream({
    async read(max) {
      try {
        const chunk = await bytes.next(max);
        if (chunk === undefined) settle();
        return chunk;
      } catch (error) {
        // A stream that fails is not cancelled.
        settle();
        await bytes.end();
        throw error;
      }
    },
    async cancel() {
      settle();
      await bytes.end();
    },
  });
}

/** The bytes of all parts, one chunk after the other. */
function partsReader({ first, ...parted }: PartedBody) {
  const { store, key, asked, representation, span, partSize, connections, toReader, budget } = parted;
  const { stats, version } = asked;
  const left = new AbortController();
  const ahead: PartAhead[] = [];
  const pace = readAheadPace(partSize, connections - 1);
  let current: CurrentPart = { reader: toReader(first.body), end: first.end };
  let at = span.start;
  let planned = first.end;

  function assertWanted(): void {
    if (left.signal.aborted) throw storeError('aborted', 'the parts of the body are no longer wanted');
  }

  function openPart(rest: Span): Promise<ReadableStream<Uint8Array>> {
    return reopenFrom({ store, key, representation, rest, version }, { signal: left.signal, stats });
  }

  /** Asks for parts until so many are open ahead. */
  function openAhead(count: number): void {
    while (ahead.length < count && planned < span.end) {
      const next = nextPart(planned, span.end, partSize);
      planned = next.end;
      const part: PartAhead = { span: next, body: openPart(next), readySince: undefined };
      const note = () => {
        part.readySince = steadyTime();
      };
      // A failure is told when the part is taken.
      part.body.then(note, note);
      ahead.push(part);
    }
  }

  /** A part whose request failed, maybe long before its turn, is asked for once more. */
  async function take({ span: rest, body }: PartAhead): Promise<ReadableStream<Uint8Array>> {
    try {
      return await body;
    } catch (error) {
      if (!isTransient(error) || left.signal.aborted || !budget.take()) throw error;
      return openPart(rest);
    }
  }

  /** Makes the next part the current one. */
  async function advance(): Promise<void> {
    openAhead(1);
    const part = ahead.shift();
    if (part === undefined) throw storeError('invalid-response', `a body of parts has none behind byte ${at}`);
    pace.onTurn(part.readySince);
    openAhead(pace.lead());
    const body = await take(part);
    if (left.signal.aborted) await cancelled(body);
    assertWanted();
    pace.onOpen();
    current = { reader: toReader(body), end: part.span.end };
  }

  /** The next bytes of the current part; `undefined` at its end. */
  async function read(max: number): Promise<Uint8Array | undefined> {
    const chunk = await current.reader.read(max);
    assertWanted();
    if (chunk === undefined && at < current.end)
      throw storeError('unavailable', `a part ended at byte ${at}, before ${current.end}`);
    at += chunk?.length ?? 0;
    if (at > current.end) throw storeError('invalid-response', 'the storage sent more bytes than it said');
    return chunk;
  }

  return {
    /** @returns `undefined` at the end */
    async next(max: number): Promise<Uint8Array | undefined> {
      assertWanted();
      pace.onAsk();
      let chunk = await read(max);
      while (chunk === undefined && at < span.end) {
        await advance();
        chunk = await read(max);
      }
      pace.onBytes(chunk?.length ?? 0);
      openAhead(pace.lead());
      return chunk;
    },
    /** Gives back all that is open or being opened. Never rejects; does not wait for answers that are not there. */
    async end(): Promise<void> {
      left.abort();
      const ready = ahead.splice(0).map(async ({ body, readySince }) => {
        const given = body.then(cancelled, () => undefined);
        if (readySince !== undefined) await given;
      });
      await Promise.all([...ready, current.reader.cancel().catch(() => undefined)]);
    },
  };
}

function cancelled(body: ReadableStream<Uint8Array>): Promise<void> {
  return body.cancel().catch(() => undefined);
}

/**
 * Plans the first part of a read: in bounded form, so that its answer tells size and tag of the object.
 *
 * @param range as the caller asked; `undefined` for the whole object
 * @param partSize in bytes
 * @returns `undefined` where the range is read in one: it is no longer than a part, or a suffix, whose place is unknown
 * before the size is
 */
export function firstPart(range: RangeSpec | undefined, partSize: number): RangeSpec | undefined {
  if (range?.form === 'suffix') return undefined;
  const start = range?.start ?? 0;
  const end = start + partSize;
  const isInOne = range?.form === 'bounded' && range.end <= end;
  return isInOne || !Number.isSafeInteger(end) ? undefined : { form: 'bounded', start, end };
}

/** Plans the part behind another: from `start` up to, not including, `end` of all, and no longer than `partSize`, in bytes. */
export function nextPart(start: number, end: number, partSize: number): Span {
  return { start, end: Math.min(start + partSize, end) };
}
