import { isPinnable, spanLength, type Representation, type Span } from '../http/index.ts';
import { defaultReader, type ToReader } from '../store/chunk-stream.ts';
import type { CallOptions, HeadOptions, ObjectStore, ReadResult } from '../store/object-store.ts';
import type { CacheStats } from '../store/request-stats.ts';
import { openInMemory } from '../store/open-in-memory.ts';
import { evaluateRead, failedCondition } from '../store/evaluate-read.ts';
import { isVersionChanged } from '../store/store-error.ts';
import { admission } from './admission.ts';
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

/** How a cache of blocks works. */
export interface BlockCacheOptions {
  /** Tells buckets apart that share a cache. By default the empty text. */
  readonly scope: string;
  /** Bytes of a block. By default 1 MiB. */
  readonly blockSize: number;
  /** Blocks of one answer; a longer one is read past the cache. By default 100,000. */
  readonly maxBlocks: number;
  /** By default 30 seconds, 5 for a missing object, and nothing that is stale. */
  readonly freshness: Freshness;
  /** Bytes of blocks that are being read or put into the cache, all together; where there are no more, none are kept. By default 128 MiB. */
  readonly memory: number;
  /** How long the cache may take to answer, in ms. By default a second. */
  readonly cacheTimeout: number;
  /** How bodies of the storage are read: by default as chunks come. */
  readonly toReader: ToReader;
  /** Whether requests share a read of the storage. By default they do; on Workers a stream belongs to its request. */
  readonly isShared: boolean;
}

const MiB = 1024 * 1024;

/** What holds where nothing else is said; docs/caching.md has the measurements. */
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

/** A store that serves blocks out of a cache. */
export interface BlockCacheStore extends ObjectStore {
  /** Forgets what is known of a key, so that the next request asks the storage. Blocks of old versions are merely not asked for. */
  purge(key: string): void;
}

/**
 * Serves ranges of objects out of aligned blocks in a cache. Blocks are named by the version's strong tag, so a changed
 * object has other blocks and no two versions mix; metadata are kept for a time, and say which version is served.
 *
 * A block that is missing is read from the storage together with all that follow it, and goes to the client as it
 * comes; it is put into the cache when it is whole.
 *
 * @example
 * const store = withBlockCache(withResume(s3Store(client, 'releases')), memoryCache({ maxBytes: 2 ** 28 }));
 */
export function withBlockCache(
  store: ObjectStore,
  cache: BlockCache,
  options: Partial<BlockCacheOptions> = {},
): BlockCacheStore {
  const settings: BlockCacheOptions = { ...DEFAULTS, ...options };
  const guarded = resilientCache(cache, settings.scope, settings.blockSize, settings.cacheTimeout);
  const metadata = metadataCache(store, settings.freshness);
  const fills = fillRegistry({
    ...settings,
    store,
    cache: guarded,
    onChanged: ({ key, representation }) => metadata.markStale(key, representation),
  });
  const parts: Parts = { store, cache: guarded, metadata, fills, admission: admission(settings.blockSize), settings };
  return {
    head: (key, asked = {}) => headThrough(parts, key, trackCall(asked)),
    // A version by its name is asked for where another one was replaced under a read.
    read: (key, asked = {}) =>
      asked.version === undefined ? readThrough(parts, key, trackCall(asked)) : store.read(key, asked),
    purge: (key) => metadata.invalidate(key),
  };
}

interface Parts extends FetchDependencies {
  readonly cache: ResilientCache;
  readonly settings: BlockCacheOptions;
}

/** The call with its account, which is the tally's where there is one. */
function trackCall<Call extends CallOptions>(call: Call): Call & TrackedCall {
  const cacheStats: CacheStats = call.stats?.cache ?? { hits: 0, misses: 0, bytes: 0, isStored: false };
  if (call.stats !== undefined) call.stats.cache = cacheStats;
  return { ...call, cacheStats };
}

async function headThrough(
  { metadata }: Parts,
  key: string,
  asked: HeadOptions & TrackedCall,
): Promise<Representation | undefined> {
  const { conditions = {} } = asked;
  const first = await metadata.lookupHead(key, asked);
  if (first.type === 'absent') return undefined;
  const { representation, isNew } = first;
  if (isNew || failedCondition(representation, conditions)?.type !== 'version-changed') return representation;
  // Who asks for another version may know of a newer one.
  metadata.markStale(key, representation);
  const second = await metadata.lookupHead(key, asked);
  return second.type === 'absent' ? undefined : second.representation;
}

/** An object may be replaced while its first blocks are read; so often it is begun again. */
const MAX_CHANGES = 2;

async function readThrough(parts: Parts, key: string, asked: TrackedRead): Promise<ReadResult> {
  const { metadata } = parts;
  for (let changes = 0; ; changes++) {
    const known = await metadata.lookup(key, asked, (old, remember) =>
      fetchFromStorage(parts, key, asked, old, remember),
    );
    switch (known.type) {
      case 'absent':
        return { type: 'missing' };
      case 'answer':
        return known.result;
      case 'present':
    }
    try {
      const result = await readKnown(parts, key, known, asked);
      // Who asks for another version may know of a newer one.
      if (result.type !== 'version-changed' || known.isNew || changes === MAX_CHANGES) return result;
    } catch (error) {
      if (!isVersionChanged(error) || changes === MAX_CHANGES) throw error;
    }
    metadata.markStale(key, known.representation);
  }
}

async function readKnown(parts: Parts, key: string, known: KnownVersion, asked: TrackedRead): Promise<ReadResult> {
  const { store, fills, settings } = parts;
  const { representation, fillReader } = known;
  const evaluation = evaluateRead(representation, asked);
  if (evaluation.type === 'span' && isPinnable(representation)) {
    const { span } = evaluation;
    const object = { key, representation };
    if (isWithinBounds(span, settings)) return openBody(parts, object, span, asked, fillReader);
    asked.cacheStats.forward = 'bypass';
    return { type: 'open', representation, span, body: await fills.open(object, span, asked) };
  }
  fillReader?.leave();
  if (evaluation.type !== 'span') return evaluation;
  asked.cacheStats.forward = 'bypass';
  return store.read(key, asked);
}

async function openBody(
  { cache, fills, admission: admitted, settings }: Parts,
  object: ObjectVersion,
  span: Span,
  asked: TrackedRead,
  fillReader: FillReader | undefined,
): Promise<ReadResult> {
  const { representation } = object;
  const { blockSize, cacheTimeout } = settings;
  const { cacheStats } = asked;
  const length = spanLength(span);
  if (length === 0) return openInMemory(representation, span, new Uint8Array(0));
  const wide = admitted.widen(object, span);
  const few = length > FEW ? undefined : peekAll(cache, object, span, blockSize);
  if (few !== undefined) {
    fillReader?.leave();
    cacheStats.hits += spanLength(blocksOf(span, blockSize));
    cacheStats.bytes += length;
    return openInMemory(representation, span, few);
  }
  const cached = cachedSlices(cache, object, span, blockSize);
  const body = blockBody({ object, span, wide, blockSize, fills, cached, call: asked, cacheStats, fillReader });
  try {
    const first = await body.begin();
    const isInOne = first instanceof Uint8Array ? length <= FEW : !first.isCached;
    if (!isInOne || (first instanceof Uint8Array ? first.length : spanLength(first)) < length)
      return { type: 'open', representation, span, body: bodyStream(body, cacheTimeout) };
    // Taken out of the body, which may still have a seat at a fill that it fell behind.
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

/** Bytes that a client is given at once: no more than a platform would send ahead of it anyway. */
const FEW = 256 * 1024;

/** The bytes of a span that are all in memory; of several blocks copied, since a stream of them costs more than 64 KiB do. */
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
