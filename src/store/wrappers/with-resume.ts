import { isPinnable, spanLength, type Span } from '../../http/index.ts';
import { steadyTime } from '../../base/clock.ts';
import { backOff, type Backoff } from './backoff.ts';
import { chunkStream, defaultReader, type ChunkReader, type ToReader } from '../chunk-stream.ts';
import { reopenFrom } from '../reopen-from.ts';
import type { ObjectStore, OpenObject, ReadOptions } from '../object-store.ts';
import { retryBudgetOf, type RetryBudget } from './retry-budget.ts';
import { isTransient, isStoreError, storeError } from '../store-error.ts';

/** How hard a broken body is tried to be read on. */
export interface ResumeOptions {
  /** Tries in a row that bring no byte, before the body is given up. By default 3. */
  readonly tries?: number | undefined;
  /** How long the storage may send nothing while somebody waits for it, in ms. By default 20 seconds. */
  readonly idleTimeout?: number | undefined;
  /** How long somebody waits for the next byte, tries and all, in ms. By default 60 seconds. */
  readonly patience?: number | undefined;
  /** By default up to 100 ms before the second try behind too few bytes, up to 5 seconds before any. */
  readonly backoff?: Backoff | undefined;
  /** How bodies are read: by default as chunks come. */
  readonly toReader?: ToReader | undefined;
}

/** Of a request, by each body that was opened for a client: so such reads are fewer than those of clients. */
const EARNED = 0.5;

type ResumeSettings = { readonly [Name in keyof ResumeOptions]-?: NonNullable<ResumeOptions[Name]> };

/** Times that one body is read on, however far each got. A storage that breaks every MB still sends 10 GB. */
const MAX_CONTINUATIONS = 10_000;

/**
 * Bytes that a read has to bring to count as progress. Behind fewer the next read takes a request of the budget that
 * all bodies of the storage share, and all but the first of them wait before.
 */
const MIN_PROGRESS = 64 * 1024;

/** At most this much is asked for at once, in bytes, where the platform lets us choose. */
const MAX_READ = 256 * 1024;

/**
 * Reads on where the bodies of a store break off: where they end early, fail or fall silent. What follows is pinned to
 * the version and checked to be the very next bytes, so that the body is exact or errors. Without a strong tag nothing
 * tells one version from another, and the body errors at once.
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
  return {
    head: (...args) => store.head(...args),
    async read(key, asked = {}) {
      const result = await store.read(key, asked);
      if (result.type !== 'open' || spanLength(result.span) === 0) return result;
      budget.earn(EARNED);
      return {
        ...result,
        hasNativeLength: false,
        body: resumingStream({ store, key, opened: result, asked, settings, budget }),
      };
    },
  };
}

interface ResumableBody {
  readonly store: ObjectStore;
  readonly key: string;
  readonly opened: OpenObject;
  readonly asked: ReadOptions;
  readonly settings: ResumeSettings;
  readonly budget: RetryBudget;
}

/** A body as a stream that reads on by itself. */
function resumingStream(resumable: ResumableBody): ReadableStream<Uint8Array> {
  const { signal } = resumable.asked;
  const left = new AbortController();
  const leave = () => left.abort();
  const bytes = resumingReader(resumable, left.signal);
  // Beside `cancel`, which a pipe may call only when the next bytes are there: those may be a timeout away.
  signal?.addEventListener('abort', leave, { once: true });
  if (signal?.aborted === true) leave();
  const settle = () => signal?.removeEventListener('abort', leave);
  return chunkStream({
    async read() {
      try {
        const chunk = await bytes.next();
        if (chunk === undefined) settle();
        return chunk;
      } catch (error) {
        settle();
        await bytes.end();
        throw error;
      }
    },
    async cancel() {
      settle();
      leave();
      await bytes.end();
    },
  });
}

/** The bytes of a body, one chunk after the other. */
function resumingReader({ store, key, opened, asked, settings, budget }: ResumableBody, left: AbortSignal) {
  const { representation, span } = opened;
  const { tries, patience, backoff, idleTimeout, toReader } = settings;
  const isPinned = isPinnable(representation);
  let at = span.start;
  let reader = toReader(opened.body);
  // In a row: reads without a byte, and reads that brought less than progress.
  let fruitless = 0;
  let short = 0;
  let brought = 0;
  let continued = 0;
  const end = () => reader.cancel().catch(() => undefined);
  left.addEventListener('abort', () => void end(), { once: true });

  /** Opens the rest, or throws what makes it pointless to try again. */
  async function reopen(first: unknown, since: number): Promise<void> {
    for (let cause = first; ; fruitless++) {
      assertWanted(left);
      const isHopeless =
        !isPinned || fruitless >= tries || continued >= MAX_CONTINUATIONS || steadyTime() - since > patience;
      short = brought < MIN_PROGRESS ? short + 1 : 0;
      if (isHopeless || (short > 0 && !budget.take())) {
        throw storeError('unavailable', `a body broke off at byte ${at}, before ${span.end}`, cause);
      }
      brought = 0;
      if (short > 1) await backOff(backoff, short - 1, left);
      try {
        const rest = { start: at, end: span.end };
        reader = toReader(await reopenFrom({ store, key, representation, rest }, { signal: left, stats: asked.stats }));
        fruitless++;
        continued++;
        if (asked.stats !== undefined) asked.stats.continued++;
        if (left.aborted) await end();
        return;
      } catch (error) {
        // Nonsense too: it may be of something in between, and is checked again.
        if (!isTransient(error) && !isInvalidResponse(error)) throw error;
        cause = error;
      }
    }
  }

  return {
    /** @returns `undefined` at the end */
    async next(): Promise<Uint8Array | undefined> {
      const since = steadyTime();
      for (;;) {
        const piece = await take(reader, { start: at, end: span.end }, idleTimeout);
        switch (piece.type) {
          case 'bytes':
            if (piece.bytes.length === 0) continue;
            at += piece.bytes.length;
            brought += piece.bytes.length;
            fruitless = 0;
            return piece.bytes;
          case 'end':
            return undefined;
          case 'break':
            await reopen(piece.cause, since);
        }
      }
    },
    end,
  };
}

function assertWanted(left: AbortSignal): void {
  if (left.aborted) throw storeError('aborted', 'nobody takes the body any more');
}

type BodyRead =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'end' }
  | { readonly type: 'break'; readonly cause: unknown };

/**
 * The next piece of a body that owes these bytes.
 *
 * @throws StoreError `invalid-response` where it has more, so that none of its bytes can be trusted
 */
async function take(reader: ChunkReader, owed: Span, idleTimeout: number): Promise<BodyRead> {
  const left = spanLength(owed);
  let isSilent = false;
  const timer = setTimeout(() => {
    isSilent = true;
    // Ends the read that waits.
    void reader.cancel().catch(() => undefined);
  }, idleTimeout);
  try {
    const bytes = await reader.read(Math.min(Math.max(left, 1), MAX_READ));
    if (bytes !== undefined && bytes.length > left)
      throw storeError('invalid-response', 'the storage sent more bytes than it said');
    if (bytes !== undefined) return { type: 'bytes', bytes };
    if (left === 0) return { type: 'end' };
    return { type: 'break', cause: isSilent ? silence(idleTimeout) : new Error(`it ended ${left} bytes early`) };
  } catch (cause) {
    if (isInvalidResponse(cause)) throw cause;
    return left === 0 ? { type: 'end' } : { type: 'break', cause };
  } finally {
    clearTimeout(timer);
  }
}

function isInvalidResponse(error: unknown): boolean {
  return isStoreError(error) && error.code === 'invalid-response';
}

function silence(ms: number): Error {
  return new Error(`it was silent for ${ms} ms`);
}
