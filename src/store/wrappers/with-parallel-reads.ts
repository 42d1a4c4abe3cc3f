import { isPinnable, resolveSpec, sameSpan } from '../../http/index.ts';
import { defaultReader, type ToReader } from '../chunk-stream.ts';
import type { ObjectStore, OpenObject, ReadOptions, ReadResult } from '../object-store.ts';
import { firstPart, nextPart, joinParts } from './read-ahead.ts';
import { retryBudgetOf, withRetryBudget } from './retry-budget.ts';
import { sliceWhole } from '../slice-whole.ts';
import { storeError } from '../store-error.ts';

/** How a body is read through several connections. */
export interface ParallelReadsOptions {
  /** Reads that one body has open at a time at the most, from 2. By default 4. */
  readonly connections?: number | undefined;
  /** Bytes that one read brings at the most. By default 8 MiB. */
  readonly partSize?: number | undefined;
  /** How bodies are read: by default as chunks come. */
  readonly toReader?: ToReader | undefined;
}

/** What is used where nothing is said. */
export const DEFAULT_PARALLEL_READS = { connections: 4, partSize: 8 * 1024 * 1024 } as const;

/**
 * Reads what is longer than a part through several connections of the storage, for a client that is faster than one of
 * them. A read of n bytes costs ⌈n / partSize⌉ operations; one that fits into a part costs one, as without it.
 *
 * The first part is asked for alone, since its answer tells size and tag. All others are pinned to that version, so
 * that the body is of one version or errors (`changed`). While a part is handed out, the next ones are open and unread:
 * their bytes wait in the receive buffers of the connections, not in memory of this process. How much is gained
 * depends on the size of these buffers. They are opened only for a client that waits for the storage: a slow one holds
 * one connection.
 *
 * Read in one, as without it: suffix ranges, whose place is unknown before the size is, and storages that ignore
 * ranges. An object without a strong tag is too, at the cost of one operation more, and so is one of zero bytes.
 *
 * @param store is asked again for parts alone; put `withRetry` and `withResume` below, so that a part that breaks is
 * read on
 * @throws RangeError for less than 2 connections or less than a byte a part
 * @example
 * const store = withParallelReads(withResume(withRetry(r2Store(bucket))), { connections: 4, partSize: 8 * 1024 ** 2 });
 */
export function withParallelReads(store: ObjectStore, options: ParallelReadsOptions = {}): ObjectStore {
  const { connections = DEFAULT_PARALLEL_READS.connections, partSize = DEFAULT_PARALLEL_READS.partSize } = options;
  const { toReader = defaultReader } = options;
  assertAtLeast('connections', connections, 2);
  assertAtLeast('partSize', partSize, 1);
  const budget = retryBudgetOf(store);

  /** Makes the read that was asked for out of its first part's answer. */
  async function complete(key: string, asked: ReadOptions, opened: OpenObject): Promise<ReadResult> {
    const { representation, span, body } = opened;
    const whole = { start: 0, end: representation.size };
    const due = asked.range === undefined ? whole : resolveSpec(asked.range, representation.size);
    if (due !== undefined && sameSpan(span, due)) return opened;
    // The storage ignores ranges.
    if (sameSpan(span, whole)) return sliceWhole(opened, asked);
    if (due === undefined || !sameSpan(span, nextPart(due.start, due.end, partSize))) {
      await body.cancel().catch(() => undefined);
      throw storeError(
        'invalid-response',
        `the storage gave bytes ${span.start} to ${span.end}, which were not asked for`,
      );
    }
    if (!isPinnable(representation)) {
      await body.cancel().catch(() => undefined);
      return store.read(key, asked);
    }
    const first = { body, end: span.end };
    const parted = { store, key, asked, representation, span: due, first, partSize, connections, toReader, budget };
    return { type: 'open', representation, span: due, body: joinParts(parted) };
  }

  const parallel: ObjectStore = {
    head: (key, asked) => store.head(key, asked),
    async read(key, asked = {}) {
      const range = firstPart(asked.range, partSize);
      if (range === undefined) return store.read(key, asked);
      const result = await store.read(key, { ...asked, range, neverSlice: true });
      if (result.type === 'open') return complete(key, asked, result);
      // No range of an object of zero bytes can be satisfied, but the whole of it can be read.
      return result.type === 'unsatisfiable' && asked.range === undefined ? store.read(key, asked) : result;
    },
  };
  return withRetryBudget(parallel, budget);
}

function assertAtLeast(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new RangeError(`${name} takes a whole number from ${least}, not ${value}`);
}
