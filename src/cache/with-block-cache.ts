import { isPinnable, spanLength, type Representation, type Span } from '../http/index.ts';
import { defaultReader, type ToReader } from '../store/chunk-stream.ts';
import type { CallOptions, HeadOptions, ObjectStore, ReadResult } from '../store/object-store.ts';
import { withListOf } from '../store/listable-store.ts';
import type { CacheStats } from '../store/request-stats.ts';
import { openInMemory } from '../store/open-in-memory.ts';
import { evaluateRead, failedCondition } from '../store/evaluate-read.ts';
import { isVersionChanged } from '../store/store-error.ts';
import { admission as blockAdmission } from './admission.ts';
import {
  fetchFromStorage,
  isWithinBounds,
  type TrackedRead,
  type FetchDependencies,
  type KnownVersion,
} from './fetch-from-storage.ts';
import type { BlockCache } from './block-cache.ts';
import { blockBody } from './block-body.ts';
import { bodyStream } from './body-stream.ts';
import { cachedSlices } from './cached-slices.ts';
import type { FillReader } from './fill.ts';
import { fillRegistry } from './fill-registry.ts';
import { blocksOf, partOf } from './grid.ts';
import { resilientCache, type ResilientCache, type ObjectVersion } from './resilient-cache.ts';
import { metadataCache, type TrackedCall, type Freshness } from './metadata-cache.ts';

/** The settings of {@link withBlockCache}. */
export interface BlockCacheOptions {
  /** Namespace of the keys: separates buckets that share a cache. By default the empty string. */
  readonly scope: string;
  /** In bytes. By default 1 MiB. */
  readonly blockSize: number;
  /** Maximum number of blocks of one response; a longer one bypasses the cache. By default 100,000. */
  readonly maxBlocks: number;
  /** By default 30 seconds, 5 for a missing object, and no use of stale metadata. */
  readonly freshness: Freshness;
  /** Byte budget of all blocks that are being filled or put. If it is used up, reads bypass the cache. By default 128 MiB. */
  readonly memory: number;
  /** Timeout of one call to the cache, and stall timeout of its streams, in ms. By default a second. */
  readonly cacheTimeout: number;
  /** How bodies of the storage are read. By default chunk by chunk, as they come. */
  readonly toReader: ToReader;
  /** Whether requests share a read of the storage. By default true. On Workers it has to be false: a stream belongs to its request. */
  readonly isShared: boolean;
}

const MiB = 1024 * 1024;

/** The default settings; docs/decisions/0021 has the measurements. */
const DEFAULTS: BlockCacheOptions = {
  scope: '',
  blockSize: MiB,
  maxBlocks: 100_000,
  freshness: { ttl: 30_000, negativeTtl: 5_000, staleWhileRevalidate: 0, staleIfError: 0 },
  memory: 128 * MiB,
  cacheTimeout: 1_000,
  toReader: defaultReader,
  isShared: true,
};

/** A store that reads through a cache of blocks. */
export interface BlockCacheStore extends ObjectStore {
  /** Removes the metadata of a key, so that its next request reads the storage. Blocks of old versions are not read any more. */
  purge(key: string): void;
}

/**
 * Wraps a store so that reads go through a cache of aligned blocks.
 *
 * The name of a block contains the version's strong entity tag. A changed object therefore has other blocks, and versions
 * never mix. Metadata are cached for a time, and decide which version is served. A missing block is read from the storage
 * together with all missing blocks after it, in one read. Its bytes go to the client as they come; the block is cached
 * when it is complete.
 *
 * @param store the storage; wrap it with `withResume` first, so that a read that breaks continues
 * @param cache stores the blocks; its failures are misses
 * @param options overrides of the default settings
 *
 * @example
 * import { memoryCache, memoryStore, withBlockCache, withResume } from 'rangeway';
 *
 * const cache = memoryCache({ maxBytes: 256 * 1024 * 1024 });
 * const store = withBlockCache(withResume(memoryStore()), cache, { blockSize: 256 * 1024 });
 * store.purge('releases/app.zip');
 */
export function withBlockCache(
  store: ObjectStore,
  cache: BlockCache,
  options: Partial<BlockCacheOptions> = {},
): BlockCacheStore {
  const settings: BlockCacheOptions = { ...DEFAULTS, ...options };
  const resilient = resilientCache(cache, settings.scope, settings.blockSize, settings.cacheTimeout);
  const metadata = metadataCache(store, settings.freshness);
  const fills = fillRegistry({
    ...settings,
    store,
    cache: resilient,
    onChanged: ({ key, representation }) => metadata.markStale(key, representation),
  });
  const admission = blockAdmission(settings.blockSize);
  const dependencies: Dependencies = { store, cache: resilient, metadata, fills, admission, settings };
  return withListOf(store, {
    head: (key, call = {}) => headThroughCache(dependencies, key, trackCall(call)),
    // A read by version id continues a body whose object was replaced; it bypasses the cache.
    read: (key, call = {}) =>
      call.version === undefined ? readThroughCache(dependencies, key, trackCall(call)) : store.read(key, call),
    purge: (key) => metadata.invalidate(key),
  });
}

interface Dependencies extends FetchDependencies {
  readonly cache: ResilientCache;
  readonly settings: BlockCacheOptions;
}

/** Adds the counters of the cache to the options of a call: those in `call.stats` if the caller collects statistics. */
function trackCall<Call extends CallOptions>(call: Call): Call & TrackedCall {
  const cacheStats: CacheStats = call.stats?.cache ?? { hits: 0, misses: 0, bytes: 0, isStored: false };
  if (call.stats !== undefined) call.stats.cache = cacheStats;
  return { ...call, cacheStats };
}

async function headThroughCache(
  { metadata }: Dependencies,
  key: string,
  options: HeadOptions & TrackedCall,
): Promise<Representation | undefined> {
  const { conditions = {} } = options;
  const cached = await metadata.lookupHead(key, options);
  if (cached.type === 'absent') return undefined;
  const { representation, isFetched } = cached;
  if (isFetched || failedCondition(representation, conditions)?.type !== 'version-changed') return representation;
  // The client's If-Match may name a newer version than the cached one.
  metadata.markStale(key, representation);
  const revalidated = await metadata.lookupHead(key, options);
  return revalidated.type === 'absent' ? undefined : revalidated.representation;
}

/** How often a read starts again because the object was replaced before its first byte was sent. */
const MAX_RESTARTS = 2;

async function readThroughCache(dependencies: Dependencies, key: string, options: TrackedRead): Promise<ReadResult> {
  const { metadata } = dependencies;
  for (let restarts = 0; ; restarts++) {
    const known = await metadata.lookup(key, options, (stale, save) =>
      fetchFromStorage(dependencies, key, options, stale, save),
    );
    switch (known.type) {
      case 'absent':
        return { type: 'missing' };
      case 'read-result':
        return known.result;
      case 'present':
    }
    try {
      const result = await readKnown(dependencies, key, known, options);
      // The client's If-Match may name a newer version than the cached one.
      if (result.type !== 'version-changed' || known.isFetched || restarts === MAX_RESTARTS) return result;
    } catch (error) {
      if (!isVersionChanged(error) || restarts === MAX_RESTARTS) throw error;
    }
    metadata.markStale(key, known.representation);
  }
}

async function readKnown(
  dependencies: Dependencies,
  key: string,
  known: KnownVersion,
  options: TrackedRead,
): Promise<ReadResult> {
  const { store, fills, settings } = dependencies;
  const { representation, fillReader } = known;
  const evaluation = evaluateRead(representation, options);
  if (evaluation.type === 'span' && isPinnable(representation)) {
    const { span } = evaluation;
    const object = { key, representation };
    if (isWithinBounds(span, settings)) return openBody(dependencies, object, span, options, fillReader);
    options.cacheStats.forward = 'bypass';
    return { type: 'open', representation, span, body: await fills.open(object, span, options) };
  }
  fillReader?.leave();
  if (evaluation.type !== 'span') return evaluation;
  options.cacheStats.forward = 'bypass';
  return store.read(key, options);
}

async function openBody(
  { cache, fills, admission, settings }: Dependencies,
  object: ObjectVersion,
  span: Span,
  call: TrackedRead,
  fillReader: FillReader | undefined,
): Promise<ReadResult> {
  const { representation } = object;
  const { blockSize, cacheTimeout } = settings;
  const { cacheStats } = call;
  const length = spanLength(span);
  if (length === 0) return openInMemory(representation, span, new Uint8Array(0));
  const widened = admission.widen(object, span);
  const bytes = length > MAX_IN_MEMORY ? undefined : peekAll(cache, object, span, blockSize);
  if (bytes !== undefined) {
    fillReader?.leave();
    cacheStats.hits += spanLength(blocksOf(span, blockSize));
    cacheStats.bytes += length;
    return openInMemory(representation, span, bytes);
  }
  const cached = cachedSlices(cache, object, span, blockSize);
  const body = blockBody({ object, span, widened, blockSize, fills, cached, call, cacheStats, fillReader });
  try {
    const first = await body.begin();
    const canReturnFirst = first instanceof Uint8Array ? length <= MAX_IN_MEMORY : !first.isCached;
    if (!canReturnFirst || (first instanceof Uint8Array ? first.length : spanLength(first)) < length)
      return { type: 'open', representation, span, body: bodyStream(body, cacheTimeout) };
    // The first slice is the whole body. `next` removes it from the body, so `leave` closes only what else is open.
    await body.next();
    body.leave();
    return first instanceof Uint8Array
      ? openInMemory(representation, span, first)
      : { type: 'open', representation, span, body: first.stream };
  } catch (error) {
    body.leave();
    throw error;
  }
}

/** Bytes that are returned as one array and not as a stream: no more than a platform buffers for a client anyway. */
const MAX_IN_MEMORY = 256 * 1024;

/**
 * Returns the bytes of a span if all of them are in memory. Several blocks are copied into one array: a stream of them
 * costs more than the copy of 64 KiB.
 */
function peekAll(cache: ResilientCache, object: ObjectVersion, span: Span, blockSize: number): Uint8Array | undefined {
  const { start, end } = blocksOf(span, blockSize);
  const first = cache.peek(object, start, partOf(span, start, blockSize));
  if (first === undefined || end - start === 1) return first;
  const whole = new Uint8Array(spanLength(span));
  whole.set(first);
  for (let index = start + 1; index < end; index++) {
    const slice = cache.peek(object, index, partOf(span, index, blockSize));
    if (slice === undefined) return undefined;
    whole.set(slice, index * blockSize - span.start);
  }
  return whole;
}
