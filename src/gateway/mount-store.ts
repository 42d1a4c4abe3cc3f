import type { BlockCache, BlockName } from '../cache/block-cache.ts';
import { equalSpans, strongTag } from '../http/index.ts';
import { withBlockCache } from '../cache/with-block-cache.ts';
import { cachedList } from '../listing/cached-list.ts';
import { isListable, type ListableStore } from '../store/listable-store.ts';
import type { ObjectStore, ReadOptions } from '../store/object-store.ts';
import { withParallelReads } from '../store/wrappers/with-parallel-reads.ts';
import { withResume } from '../store/wrappers/with-resume.ts';
import { retryBudgetOf, withRetryBudget } from '../store/wrappers/retry-budget.ts';
import { withRanges } from '../store/wrappers/with-ranges.ts';
import type { BodyPipe } from './download/body-pipe.ts';
import { assertMatchesRequest } from './download/pinned-read.ts';
import type { Settings } from '../config/settings.ts';

/** The composed store of a mount. */
export interface MountStore {
  readonly store: ObjectStore;
  /** Lists the keys; `undefined` if the setting `listing` is off. Pages are cached as long as metadata. */
  readonly list: ListableStore['list'] | undefined;
  /** Makes the next request for a key revalidate its cached metadata. */
  readonly purge: (key: string) => void;
}

/**
 * Wraps the store of a mount as its settings say: ranges, resume, parallel reads, block cache.
 *
 * Broken bodies are resumed by default if bodies pass through JavaScript anyway. With a native pipe, resume would
 * double the CPU time of a body (in workerd, from 1.3 to 2.7 seconds a GiB, kernel time included), so it has to be
 * turned on.
 *
 * @param source the store that the mount was given
 * @param cache the block cache; `undefined` for none
 * @param scope added to the keys of the cache, which several mounts may share
 */
export function composeStore(
  source: ObjectStore,
  cache: BlockCache | undefined,
  scope: string,
  bodyPipe: BodyPipe,
  { resume, parallelReads, blocks, listing, digests }: Settings,
): MountStore {
  const { toReader, isNative, blockCacheOptions } = bodyPipe;
  const store = withRanges(digests ? askingForDigests(source) : source);
  const isPassedThrough = isNative && (resume === undefined || resume === false);
  // With `resume: false`, the stall timeout of bodies that pass through JavaScript still applies.
  const options = resume === false ? { tries: 0 } : typeof resume === 'object' ? resume : {};
  const resumed = isPassedThrough ? store : withResume(store, { ...options, toReader });
  const isParallel = parallelReads !== undefined && parallelReads !== false;
  const parallel = isParallel ? withParallelReads(resumed, { ...parallelReads, toReader }) : resumed;
  const list: ListableStore['list'] | undefined =
    listing !== false && isListable(source) ? (prefix, call) => source.list(prefix, call) : undefined;
  if (cache === undefined) return { store: parallel, list, purge: () => undefined };
  const { size, ttl, ...times } = blocks;
  const freshness = { ...times, ttl: ttl === 'forever' ? Number.POSITIVE_INFINITY : ttl };
  const { timeout } = cache;
  const platform = blockCacheOptions?.(size) ?? (size === undefined ? {} : { blockSize: size });
  const cacheOptions = { scope, freshness, toReader, ...platform };
  cache.attach?.(scope, (name) => readBlock(resumed, bodyPipe, name));
  const cached = withBlockCache(
    parallel,
    cache,
    timeout === undefined ? cacheOptions : { ...cacheOptions, cacheTimeout: timeout },
  );
  const pages = list && cachedList(list, ttl === 'forever' ? FOLDER_TTL : ttl, !isNative);
  return {
    store: cached,
    list: pages?.list,
    purge(key) {
      cached.purge(key);
      pages?.purge();
    },
  };
}

/** How long a page of a folder is fresh if objects are never replaced, in ms: new ones come all the same. */
const FOLDER_TTL = 30_000;
/** Asks a store for the digests that it has, with each call. */
function askingForDigests(store: ObjectStore): ObjectStore {
  const asking: ObjectStore = {
    head: (key, options) => store.head(key, { ...options, digests: true }),
    read: (key, options) => store.read(key, { ...options, digests: true }),
  };
  return withRetryBudget(asking, retryBudgetOf(store));
}

/**
 * Reads one block for a cache that fills itself.
 *
 * @returns the bytes; `undefined` if the storage has another version, or does not return exactly the block
 */
async function readBlock(
  store: ObjectStore,
  bodyPipe: BodyPipe,
  { key, etag: opaque, blockSize, index, length }: BlockName,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const etag = strongTag(opaque);
  if (etag === undefined) return undefined;
  const start = index * blockSize;
  const span = { start, end: start + length };
  const options: ReadOptions = { range: { form: 'bounded', ...span }, conditions: { ifMatch: [etag] } };
  const result = await store.read(key, options);
  if (result.type !== 'open') return undefined;
  await assertMatchesRequest(result, options);
  if (!equalSpans(result.span, span)) {
    await result.body.cancel();
    return undefined;
  }
  if (result.hasNativeLength === true) return result.body;
  // The platform can only cache a body whose length it knows, so the body is piped through one that has a length.
  const parts = [{ head: new Uint8Array(0), span }];
  const reads = [{ open: async () => result.body, span, parts }];
  const { signal } = new AbortController();
  return bodyPipe.pipe({ length, reads, tail: new Uint8Array(0), signal, close: () => undefined }).body;
}
