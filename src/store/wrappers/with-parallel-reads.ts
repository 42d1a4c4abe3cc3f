import { isPinnable, resolveSpec, equalSpans } from '../../http/index.ts';
import { defaultReader, type ToReader } from '../chunk-stream.ts';
import type { ObjectStore, OpenObject, ReadOptions, ReadResult } from '../object-store.ts';
import { firstPart, nextPart, joinParts } from './read-ahead.ts';
import { withListOf } from '../listable-store.ts';
import { retryBudgetOf, withRetryBudget } from './retry-budget.ts';
import { sliceWhole } from '../slice-whole.ts';
import { storeError } from '../store-error.ts';

/** Options of {@link withParallelReads}. */
export interface ParallelReadsOptions {
  /** Reads that one body has open at the same time at most, from 2. By default 4. */
  readonly connections?: number | undefined;
  /** Length of one read at most, in bytes. By default 8 MiB. */
  readonly partSize?: number | undefined;
  /** Opens the bodies for reading. By default chunks keep the length in which they arrive. */
  readonly toReader?: ToReader | undefined;
}

/** The defaults of {@link ParallelReadsOptions}. */
export const DEFAULT_PARALLEL_READS = { connections: 4, partSize: 8 * 1024 * 1024 } as const;

/**
 * Reads a body that is longer than a part through several connections, for clients that are faster than one connection
 * to the storage. A read of n bytes costs ⌈n / partSize⌉ operations; a read that fits into one part costs one, as
 * without this wrapper.
 *
 * The first part is requested alone, because its response contains the size and the entity tag. All other parts are
 * pinned to that version, so the body is of one version or throws StoreError `version-changed`. While one part is read,
 * the next ones are open but unread: their bytes wait in the receive buffers of the connections, not in memory of this
 * process. The gain depends on the size of these buffers. Parts are opened ahead only for a client that waits for the
 * storage; a slow client uses one connection.
 *
 * Read through one connection: suffix ranges, because their start is unknown as long as the size is unknown, and
 * storages that ignore ranges. So are objects without a strong entity tag and objects of zero bytes, at the cost of one
 * more operation.
 *
 * @param store is read once per part. Put `withRetry` and `withResume` below, so that a part that breaks off is
 *   continued
 * @throws RangeError if `connections` is less than 2 or `partSize` less than 1
 * @example
 * import { S3Client } from '@aws-sdk/client-s3';
 * import { withParallelReads, withResume, withRetry } from 'rangeway';
 * import { s3Store } from 'rangeway/s3';
 *
 * const bucket = s3Store(new S3Client({ region: 'eu-west-1' }), { bucket: 'releases' });
 * export const store = withParallelReads(withResume(withRetry(bucket)), { connections: 4, partSize: 8 * 1024 ** 2 });
 */
export function withParallelReads(store: ObjectStore, options: ParallelReadsOptions = {}): ObjectStore {
  const { connections = DEFAULT_PARALLEL_READS.connections, partSize = DEFAULT_PARALLEL_READS.partSize } = options;
  const { toReader = defaultReader } = options;
  assertAtLeast('connections', connections, 2);
  assertAtLeast('partSize', partSize, 1);
  const budget = retryBudgetOf(store);

  /** Makes the result of the caller's read from the result of its first part. */
  async function complete(key: string, readOptions: ReadOptions, opened: OpenObject): Promise<ReadResult> {
    const { representation, span, body } = opened;
    const { range } = readOptions;
    const whole = { start: 0, end: representation.size };
    const requested = range === undefined ? whole : resolveSpec(range, representation.size);
    if (requested !== undefined && equalSpans(span, requested)) return opened;
    // The storage ignores ranges.
    if (equalSpans(span, whole)) return sliceWhole(opened, readOptions);
    if (requested === undefined || !equalSpans(span, nextPart(requested.start, requested.end, partSize))) {
      await body.cancel().catch(() => undefined);
      throw storeError(
        'invalid-response',
        `the storage gave bytes ${span.start} to ${span.end}, which were not asked for`,
      );
    }
    if (!isPinnable(representation)) {
      await body.cancel().catch(() => undefined);
      return store.read(key, readOptions);
    }
    const joined = joinParts({
      store,
      key,
      options: readOptions,
      representation,
      span: requested,
      first: { body, end: span.end },
      partSize,
      connections,
      toReader,
      budget,
    });
    return { type: 'open', representation, span: requested, body: joined };
  }

  const parallel: ObjectStore = {
    head: (key, headOptions) => store.head(key, headOptions),
    async read(key, readOptions = {}) {
      const range = firstPart(readOptions.range, partSize);
      if (range === undefined) return store.read(key, readOptions);
      const result = await store.read(key, { ...readOptions, range, neverSlice: true });
      if (result.type === 'open') return complete(key, readOptions, result);
      // No range of an object of zero bytes can be satisfied, but the whole of it can be read.
      return result.type === 'unsatisfiable' && readOptions.range === undefined ? store.read(key, readOptions) : result;
    },
  };
  return withRetryBudget(withListOf(store, parallel), budget);
}

function assertAtLeast(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new RangeError(`${name} takes a whole number from ${least}, not ${value}`);
}
