import { steadyTime } from '../base/clock.ts';
import { strongEqual, type Representation } from '../http/index.ts';
import { lruMap } from '../base/lru-map.ts';
import type { CallOptions, ObjectStore } from '../store/object-store.ts';
import type { CacheStats } from '../store/request-stats.ts';
import { isTransient, isStoreError } from '../store/store-error.ts';
import { withTimeout } from '../base/with-timeout.ts';

/** How long a request waits for the metadata that another request reads (single flight), in ms. */
const SINGLE_FLIGHT_TIMEOUT = 10_000;

/** How long metadata are fresh, and how long they are used after that, in ms. */
export interface Freshness {
  /** How long the metadata of an object are fresh (RFC 9111, section 4.2). */
  readonly ttl: number;
  /** How long it is remembered that an object is missing. */
  readonly negativeTtl: number;
  /** How long after `ttl` stale metadata are used while they are revalidated in the background (RFC 5861, section 3). */
  readonly staleWhileRevalidate: number;
  /** How long after `ttl` stale metadata are used if the storage fails (RFC 5861, section 4). */
  readonly staleIfError: number;
}

/** The metadata of a key, or that the object is missing. */
export type MetadataResult =
  /** `isFetched` says whether the metadata come from a storage request made for this lookup, and not from the cache. */
  | { readonly type: 'present'; readonly representation: Representation; readonly isFetched: boolean }
  | { readonly type: 'absent' };

/** The options of a call, with the counters of the cache for this request. */
export interface TrackedCall extends CallOptions {
  readonly cacheStats: CacheStats;
}

/** Stores the result of a storage request; `undefined` if the object is missing. */
export type SaveMetadata = (representation: Representation | undefined) => void;

/**
 * Sends a storage request that brings the metadata of a key, and maybe more.
 *
 * `stale` is the expired representation, if there is one. `save` is called with the result if it may be cached.
 */
export type FetchMetadata<Result> = (stale: Representation | undefined, save: SaveMetadata) => Promise<Result>;

/** Caches the metadata of objects. */
export interface MetadataCache {
  /**
   * Returns the cached metadata if they are fresh, else the result of `fetch`. Single flight: a request for a key waits
   * for a fetch of that key in progress, and uses the metadata which that fetch brings.
   *
   * @throws StoreError if the storage request fails
   */
  lookup<Result>(key: string, call: TrackedCall, fetch: FetchMetadata<Result>): Promise<Result | MetadataResult>;
  /** Like `lookup`, with `fetchHead` as the fetch. */
  lookupHead(key: string, call: TrackedCall): Promise<MetadataResult>;
  /** Sends a HEAD request to the storage. */
  fetchHead(key: string, call: CallOptions, save: SaveMetadata): Promise<MetadataResult>;
  /** Removes a key. The result of a fetch in progress is not stored. */
  invalidate(key: string): void;
  /**
   * Makes the entry of a key stale if it still holds this version; an entry of a newer version is not changed. The entity
   * tag stays available for revalidation. The result of a fetch in progress is not stored.
   */
  markStale(key: string, representation: Representation): void;
}

type MetadataEntry =
  | { readonly type: 'present'; readonly representation: Representation; readonly storedAt: number }
  | { readonly type: 'absent'; readonly storedAt: number };

/** Whether an entry is used as it is, while it is revalidated, only if the storage fails, or not at all. */
type FreshnessState = 'fresh' | 'while-revalidating' | 'if-error' | 'stale';

/** Maximum number of entries. An entry takes about 1 KB. */
const CAPACITY = 10_000;

/**
 * Creates an empty cache of metadata.
 *
 * @param store the storage whose metadata are cached
 * @param freshness in ms
 */
export function metadataCache(store: ObjectStore, freshness: Freshness): MetadataCache {
  const entries = lruMap<MetadataEntry>(CAPACITY);
  const inFlight = new Map<string, { readonly result: Promise<unknown> }>();

  const stateOf = (entry: MetadataEntry) => freshnessOf(entry, freshness, steadyTime());

  /** Reports the remaining freshness lifetime of the entry to the request. */
  function reportTtl(key: string, { cacheStats }: TrackedCall): void {
    const entry = entries.get(key);
    if (entry !== undefined) cacheStats.ttl = remainingTtl(entry, freshness, steadyTime());
  }

  async function singleFlight<Result>(
    key: string,
    fetch: (save: SaveMetadata) => Promise<Result>,
  ): Promise<Result | MetadataResult> {
    const other = inFlight.get(key);
    if (other !== undefined) {
      await waitForFlight(other.result);
      const entry = entries.get(key);
      if (entry !== undefined && stateOf(entry) === 'fresh') return toResult(entry);
    }
    const isCurrent = () => inFlight.get(key) === flight;
    // A result is not stored if a purge or a later fetch of this key has replaced this one.
    const save: SaveMetadata = (representation) =>
      isCurrent() && entries.set(key, toEntry(representation, entries.get(key)));
    const flight = { result: Promise.resolve().then(() => fetch(save)) };
    inFlight.set(key, flight);
    try {
      return await flight.result;
    } finally {
      if (isCurrent()) inFlight.delete(key);
    }
  }

  async function fetchHead(key: string, { stats }: CallOptions, save: SaveMetadata): Promise<MetadataResult> {
    let isForbidden = false;
    const onForbidden = () => (isForbidden = true);
    const representation = await store.head(key, { stats, onForbidden });
    if (!isForbidden) save(representation);
    return representation === undefined ? { type: 'absent' } : { type: 'present', representation, isFetched: true };
  }

  async function lookup<Result>(
    key: string,
    call: TrackedCall,
    fetch: FetchMetadata<Result>,
  ): Promise<Result | MetadataResult> {
    const entry = entries.get(key);
    const state = entry === undefined ? 'stale' : stateOf(entry);
    reportTtl(key, call);
    if (entry !== undefined && state === 'fresh') return toResult(entry);
    if (entry !== undefined && state === 'while-revalidating') {
      // The client does not wait for this request, so its operation is not counted for the client's request.
      const work = singleFlight(key, (save) => fetchHead(key, {}, save)).catch(() => undefined);
      call.defer?.(work);
      return toResult(entry);
    }
    call.cacheStats.forward = entry === undefined ? 'uri-miss' : 'stale';
    const stale = entry?.type === 'present' ? entry.representation : undefined;
    try {
      return await singleFlight(key, (save) => fetch(stale, save));
    } catch (error) {
      if (entry !== undefined && state === 'if-error' && isTransient(error)) return toResult(entry);
      throw error;
    } finally {
      reportTtl(key, call);
    }
  }

  return {
    lookup,
    lookupHead: (key, call) => lookup<MetadataResult>(key, call, (_, save) => fetchHead(key, call, save)),
    fetchHead,
    invalidate(key) {
      entries.delete(key);
      inFlight.delete(key);
    },
    markStale(key, representation) {
      const entry = entries.get(key);
      const isSame = entry?.type === 'present' && entry.representation.etag?.opaque === representation.etag?.opaque;
      if (!isSame) return;
      entries.set(key, { ...entry, storedAt: Number.NEGATIVE_INFINITY });
      inFlight.delete(key);
    },
  };
}

function toEntry(representation: Representation | undefined, previous: MetadataEntry | undefined): MetadataEntry {
  const storedAt = steadyTime();
  if (representation === undefined) return { type: 'absent', storedAt };
  return { type: 'present', representation: withKnownDigests(representation, previous), storedAt };
}

/** Adds the digests of the same version that are known: S3 reports none with a range. */
function withKnownDigests(representation: Representation, previous: MetadataEntry | undefined): Representation {
  if (representation.digests !== undefined || previous?.type !== 'present') return representation;
  const { etag, digests } = previous.representation;
  const isSame = etag !== undefined && representation.etag !== undefined && strongEqual(etag, representation.etag);
  return isSame && digests !== undefined ? { ...representation, digests } : representation;
}

function toResult(entry: MetadataEntry): MetadataResult {
  return entry.type === 'absent'
    ? { type: 'absent' }
    : { type: 'present', representation: entry.representation, isFetched: false };
}

function freshnessOf(entry: MetadataEntry, freshness: Freshness, now: number): FreshnessState {
  const age = now - entry.storedAt;
  if (entry.type === 'absent') return age < freshness.negativeTtl ? 'fresh' : 'stale';
  const { ttl, staleWhileRevalidate, staleIfError } = freshness;
  if (age < ttl) return 'fresh';
  if (age < ttl + staleWhileRevalidate) return 'while-revalidating';
  return age < ttl + staleIfError ? 'if-error' : 'stale';
}

/** Returns how long an entry is still fresh, in ms; less than 0 if it is stale. */
function remainingTtl({ type, storedAt }: MetadataEntry, { ttl, negativeTtl }: Freshness, now: number): number {
  return storedAt + (type === 'absent' ? negativeTtl : ttl) - now;
}

/**
 * Waits for another request's fetch. Ignores a timeout: on Workers the promise of another request may never settle.
 *
 * @throws StoreError if that fetch fails
 */
async function waitForFlight(result: Promise<unknown>): Promise<void> {
  try {
    await withTimeout(SINGLE_FLIGHT_TIMEOUT, result);
  } catch (error) {
    if (isStoreError(error)) throw error;
  }
}
