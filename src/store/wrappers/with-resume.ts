import { isPinnable, spanLength, type Span } from '../../http/index.ts';
import { steadyTime } from '../../base/clock.ts';
import { backOff, type Backoff } from './backoff.ts';
import { chunkStream, defaultReader, type ChunkReader, type ToReader } from '../chunk-stream.ts';
import { reopenFrom } from '../reopen-from.ts';
import type { ObjectStore, OpenObject, ReadOptions } from '../object-store.ts';
import { withListOf } from '../listable-store.ts';
import { retryBudgetOf, type RetryBudget } from './retry-budget.ts';
import { isTransient, isStoreError, storeError } from '../store-error.ts';

/** Limits of {@link withResume}. */
export interface ResumeOptions {
  /** Reads in a row that bring no byte, before the body fails. By default 3. */
  readonly tries?: number | undefined;
  /** Longest time without a byte from the storage while a read of the body is pending, in ms. By default 20 seconds. */
  readonly idleTimeout?: number | undefined;
  /** Longest time until the next byte, with all retries, in ms. By default 60 seconds. */
  readonly patience?: number | undefined;
  /**
   * Pauses before reads that follow a read of too few bytes. By default up to 100 ms before the second such read, and
   * at most 5 seconds.
   */
  readonly backoff?: Backoff | undefined;
  /** Opens the bodies for reading. By default chunks keep the length in which they arrive. */
  readonly toReader?: ToReader | undefined;
}

/**
 * Requests that each opened body adds to the retry budget. A fraction, so that reads which continue bodies are fewer
 * than the reads of clients.
 */
const BUDGET_PER_BODY = 0.5;

type ResumeSettings = { readonly [Name in keyof ResumeOptions]-?: NonNullable<ResumeOptions[Name]> };

/** Continuations of one body at most. A storage that breaks off after each MB still delivers 10 GB. */
const MAX_CONTINUATIONS = 10_000;

/**
 * Bytes that a read must bring to count as progress. After a read of fewer bytes, the next one takes a request of the
 * retry budget that all bodies of the storage share. From the second such read in a row on, it also waits before.
 */
const MIN_PROGRESS = 64 * 1024;

/** Longest chunk that is requested, in bytes, if the platform supports a limit. */
const MAX_CHUNK = 256 * 1024;

/**
 * Continues bodies that end early, fail, or stop sending: reads the rest from the next byte on. Each further read is
 * pinned to the version and checked to start at exactly that byte, so the body is exact or errors. An object without a
 * strong entity tag has no pinned version, and its body errors at once.
 *
 * @param store is read again for the rest of a body. Put `withRetry` below, so that both share one retry budget
 * @returns a store whose bodies throw StoreError `unavailable` if the rest can't be read in time, `version-changed` if
 *   the object was replaced, `archived` if it was archived, `invalid-response` if the storage sends wrong bytes, and
 *   `aborted` if the signal fires
 * @example
 * import { S3Client } from '@aws-sdk/client-s3';
 * import { withResume, withRetry } from 'rangeway';
 * import { s3Store } from 'rangeway/s3';
 *
 * const bucket = s3Store(new S3Client({ region: 'eu-west-1' }), { bucket: 'releases' });
 * export const store = withResume(withRetry(bucket), { idleTimeout: 10_000 });
 */
export function withResume(store: ObjectStore, options: ResumeOptions = {}): ObjectStore {
  const settings: ResumeSettings = {
    tries: options.tries ?? 3,
    idleTimeout: options.idleTimeout ?? 20_000,
    patience: options.patience ?? 60_000,
    backoff: options.backoff ?? { first: 100, most: 5_000 },
    toReader: options.toReader ?? defaultReader,
  };
  const budget = retryBudgetOf(store);
  return withListOf(store, {
    head: (...args) => store.head(...args),
    async read(key, readOptions = {}) {
      const result = await store.read(key, readOptions);
      if (result.type !== 'open' || spanLength(result.span) === 0) return result;
      budget.earn(BUDGET_PER_BODY);
      return {
        ...result,
        hasNativeLength: false,
        body: resumingStream({ store, key, opened: result, readOptions, settings, budget }),
      };
    },
  });
}

interface ResumableBody {
  readonly store: ObjectStore;
  readonly key: string;
  readonly opened: OpenObject;
  readonly readOptions: ReadOptions;
  readonly settings: ResumeSettings;
  readonly budget: RetryBudget;
}

/** Makes a stream of a body that is continued if it breaks off. */
function resumingStream(resumable: ResumableBody): ReadableStream<Uint8Array> {
  const { signal } = resumable.readOptions;
  const aborter = new AbortController();
  const abort = () => aborter.abort();
  const reader = resumingReader(resumable, aborter.signal);
  // The signal is needed besides `cancel`: a pipe may call `cancel` only after the next bytes, up to a timeout later.
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted === true) abort();
  const removeListener = () => signal?.removeEventListener('abort', abort);
  return chunkStream({
    async read() {
      try {
        const chunk = await reader.next();
        if (chunk === undefined) removeListener();
        return chunk;
      } catch (error) {
        removeListener();
        await reader.close();
        throw error;
      }
    },
    async cancel() {
      removeListener();
      abort();
      await reader.close();
    },
  });
}

/** Reads a body chunk by chunk, and continues it if it breaks off. */
function resumingReader({ store, key, opened, readOptions, settings, budget }: ResumableBody, signal: AbortSignal) {
  const { representation, span } = opened;
  const { stats } = readOptions;
  const { tries, patience, backoff, idleTimeout, toReader } = settings;
  const isPinned = isPinnable(representation);
  let offset = span.start;
  let reader = toReader(opened.body);
  /** Reads in a row without a byte. */
  let emptyReads = 0;
  /** Reads in a row with fewer bytes than `MIN_PROGRESS`. */
  let shortReads = 0;
  /** Bytes of the current read. */
  let received = 0;
  let continuations = 0;
  const close = () => reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', () => void close(), { once: true });

  /**
   * Opens the rest of the body.
   *
   * @param failure the reason why the body broke off
   * @param waitingSince when the caller began to wait for the next byte, by `steadyTime`
   * @throws StoreError if another try is not allowed or can't succeed
   */
  async function reopen(failure: unknown, waitingSince: number): Promise<void> {
    for (let cause = failure; ; emptyReads++) {
      assertNotAborted(signal);
      const isHopeless =
        !isPinned ||
        emptyReads >= tries ||
        continuations >= MAX_CONTINUATIONS ||
        steadyTime() - waitingSince > patience;
      shortReads = received < MIN_PROGRESS ? shortReads + 1 : 0;
      if (isHopeless || (shortReads > 0 && !budget.take())) {
        throw storeError('unavailable', `a body broke off at byte ${offset}, before ${span.end}`, cause);
      }
      received = 0;
      if (shortReads > 1) await backOff(backoff, shortReads - 1, signal);
      try {
        const rest = { start: offset, end: span.end };
        reader = toReader(await reopenFrom({ store, key, representation, rest }, { signal, stats }));
        emptyReads++;
        continuations++;
        if (stats !== undefined) stats.continued++;
        if (signal.aborted) await close();
        return;
      } catch (error) {
        // A wrong response is retried too: a proxy on the way may have sent it, and the next response is checked again.
        if (!isTransient(error) && !isInvalidResponse(error)) throw error;
        cause = error;
      }
    }
  }

  return {
    /** Reads the next chunk; `undefined` at the end. */
    async next(): Promise<Uint8Array | undefined> {
      const waitingSince = steadyTime();
      for (;;) {
        const result = await readChunk(reader, { start: offset, end: span.end }, idleTimeout);
        switch (result.type) {
          case 'bytes':
            if (result.bytes.length === 0) continue;
            offset += result.bytes.length;
            received += result.bytes.length;
            emptyReads = 0;
            return result.bytes;
          case 'end':
            return undefined;
          case 'break':
            await reopen(result.cause, waitingSince);
        }
      }
    },
    close,
  };
}

function assertNotAborted(signal: AbortSignal): void {
  if (signal.aborted) throw storeError('aborted', 'the body was closed by its reader');
}

type ChunkResult =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'end' }
  | { readonly type: 'break'; readonly cause: unknown };

/**
 * Reads the next chunk of a body.
 *
 * @param rest the bytes of the body that are not read yet
 * @param idleTimeout in ms
 * @throws StoreError `invalid-response` if the body is longer, because then none of its bytes can be trusted
 */
async function readChunk(reader: ChunkReader, rest: Span, idleTimeout: number): Promise<ChunkResult> {
  const remaining = spanLength(rest);
  let isTimedOut = false;
  const timer = setTimeout(() => {
    isTimedOut = true;
    // Ends the pending read.
    void reader.cancel().catch(() => undefined);
  }, idleTimeout);
  try {
    const bytes = await reader.read(Math.min(Math.max(remaining, 1), MAX_CHUNK));
    if (bytes !== undefined && bytes.length > remaining)
      throw storeError('invalid-response', 'the storage sent more bytes than it said');
    if (bytes !== undefined) return { type: 'bytes', bytes };
    if (remaining === 0) return { type: 'end' };
    const cause = isTimedOut ? `it was silent for ${idleTimeout} ms` : `it ended ${remaining} bytes early`;
    return { type: 'break', cause: new Error(cause) };
  } catch (cause) {
    if (isInvalidResponse(cause)) throw cause;
    return remaining === 0 ? { type: 'end' } : { type: 'break', cause };
  } finally {
    clearTimeout(timer);
  }
}

function isInvalidResponse(error: unknown): boolean {
  return isStoreError(error) && error.code === 'invalid-response';
}
