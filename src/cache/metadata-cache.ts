import { steadyTime } from '../base/clock.ts';
import type { Representation } from '../http/index.ts';
import { lruMap } from '../base/lru-map.ts';
import type { CallOptions, ObjectStore } from '../store/object-store.ts';
import type { CacheStats } from '../store/request-stats.ts';
import { isTransient, isStoreError } from '../store/store-error.ts';
import { SINGLE_FLIGHT_TIMEOUT, withTimeout } from './with-timeout.ts';

/** How long what is known of an object holds, in ms. */
export interface Freshness {
  /** Metadata, before the storage is asked whether they have changed. */
  readonly ttl: number;
  /** That there is no such object. */
  readonly negativeTtl: number;
  /** After `ttl`: used once more, while the storage is asked behind the answer (RFC 5861, section 3). */
  readonly staleWhileRevalidate: number;
  /** After `ttl`: used where the storage can't be asked (RFC 5861, section 4). */
  readonly staleIfError: number;
}

/** What is known of a key. */
export type MetadataResult =
  /** `isNew` says whether the storage was asked for this request. */
  | { readonly type: 'present'; readonly representation: Representation; readonly isNew: boolean }
  | { readonly type: 'absent' };

/** A call, and what the cache does for it. */
export interface TrackedCall extends CallOptions {
  readonly cacheStats: CacheStats;
}

/** Keeps what a question to the storage brought; `undefined` where there is no such object. */
export type Remember = (representation: Representation | undefined) => void;

/** A question to the storage. `old` is what was known and no longer holds; `remember` is called with what may be remembered. */
export type FetchMetadata<Answer> = (old: Representation | undefined, remember: Remember) => Promise<Answer>;

/** Keeps the metadata of objects, and asks the storage only where what is known does not hold. */
export interface MetadataCache {
  /**
   * What is known of a key; where that does not hold, the answer of `ask`. One question about a key is put at a time:
   * a request that comes while it is under way waits for what it brings.
   *
   * @throws StoreError what the storage answers the question with
   */
  lookup<Answer>(key: string, call: TrackedCall, ask: FetchMetadata<Answer>): Promise<Answer | MetadataResult>;
  /** The same, by a question for metadata alone. */
  lookupHead(key: string, call: TrackedCall): Promise<MetadataResult>;
  /** The question for metadata alone, as an {@link FetchMetadata}. */
  fetchHead(key: string, call: CallOptions, remember: Remember): Promise<MetadataResult>;
  /** Forgets a key, and makes an answer that is under way out of date. */
  invalidate(key: string): void;
  /** The same, where this is still all that is known: what was learnt since is kept, and so is the tag to ask with. */
  markStale(key: string, representation: Representation): void;
}

type MetadataEntry =
  | { readonly type: 'present'; readonly representation: Representation; readonly since: number }
  | { readonly type: 'absent'; readonly since: number };

/** Whether knowledge can be used as it is, while it is checked, only if it can't be checked, or not at all. */
type FreshnessState = 'fresh' | 'while-revalidating' | 'if-error' | 'stale';

/** Keys whose metadata are kept at once. An entry takes about 1 KB. */
const CAPACITY = 10_000;

/** Makes a cache of metadata that knows nothing yet. */
export function metadataCache(store: ObjectStore, freshness: Freshness): MetadataCache {
  const entries = lruMap<MetadataEntry>(CAPACITY);
  const inFlight = new Map<string, { readonly answer: Promise<unknown> }>();

  const freshnessNow = (entry: MetadataEntry) => freshnessOf(entry, freshness, steadyTime());

  /** Tells the request how long what is known holds. */
  function reportTtl(key: string, { cacheStats }: TrackedCall): void {
    const entry = entries.get(key);
    if (entry !== undefined) cacheStats.ttl = timeLeft(entry, freshness, steadyTime());
  }

  async function singleFlight<Answer>(
    key: string,
    ask: (remember: Remember) => Promise<Answer>,
  ): Promise<Answer | MetadataResult> {
    const other = inFlight.get(key);
    if (other !== undefined) {
      await waitForFlight(other.answer);
      const entry = entries.get(key);
      if (entry !== undefined && freshnessNow(entry) === 'fresh') return toResult(entry);
    }
    const isCurrent = () => inFlight.get(key) === flight;
    // An answer that was overtaken, by a purge or a later question, is not remembered.
    const remember: Remember = (representation) => isCurrent() && entries.set(key, toEntry(representation));
    const flight = { answer: Promise.resolve().then(() => ask(remember)) };
    inFlight.set(key, flight);
    try {
      return await flight.answer;
    } finally {
      if (isCurrent()) inFlight.delete(key);
    }
  }

  async function fetchHead(key: string, { stats }: CallOptions, remember: Remember): Promise<MetadataResult> {
    let isForbidden = false;
    const onForbidden = () => (isForbidden = true);
    const representation = await store.head(key, { stats, onForbidden });
    if (!isForbidden) remember(representation);
    return representation === undefined ? { type: 'absent' } : { type: 'present', representation, isNew: true };
  }

  async function lookup<Answer>(
    key: string,
    call: TrackedCall,
    ask: FetchMetadata<Answer>,
  ): Promise<Answer | MetadataResult> {
    const entry = entries.get(key);
    const how = entry === undefined ? 'stale' : freshnessNow(entry);
    reportTtl(key, call);
    if (entry !== undefined && how === 'fresh') return toResult(entry);
    if (entry !== undefined && how === 'while-revalidating') {
      // The client does not wait for the answer, so its cost is not of this request.
      const work = singleFlight(key, (remember) => fetchHead(key, {}, remember)).catch(() => undefined);
      call.defer?.(work);
      return toResult(entry);
    }
    call.cacheStats.forward = entry === undefined ? 'uri-miss' : 'stale';
    const old = entry?.type === 'present' ? entry.representation : undefined;
    try {
      return await singleFlight(key, (remember) => ask(old, remember));
    } catch (error) {
      if (entry !== undefined && how === 'if-error' && isTransient(error)) return toResult(entry);
      throw error;
    } finally {
      reportTtl(key, call);
    }
  }

  return {
    lookup,
    lookupHead: (key, call) => lookup<MetadataResult>(key, call, (_, remember) => fetchHead(key, call, remember)),
    fetchHead,
    invalidate(key) {
      entries.delete(key);
      inFlight.delete(key);
    },
    markStale(key, representation) {
      const entry = entries.get(key);
      const isSame = entry?.type === 'present' && entry.representation.etag?.opaque === representation.etag?.opaque;
      if (!isSame) return;
      entries.set(key, { ...entry, since: Number.NEGATIVE_INFINITY });
      inFlight.delete(key);
    },
  };
}

function toEntry(representation: Representation | undefined): MetadataEntry {
  const since = steadyTime();
  return representation === undefined ? { type: 'absent', since } : { type: 'present', representation, since };
}

function toResult(entry: MetadataEntry): MetadataResult {
  return entry.type === 'absent'
    ? { type: 'absent' }
    : { type: 'present', representation: entry.representation, isNew: false };
}

function freshnessOf(entry: MetadataEntry, freshness: Freshness, at: number): FreshnessState {
  const age = at - entry.since;
  if (entry.type === 'absent') return age < freshness.negativeTtl ? 'fresh' : 'stale';
  const { ttl, staleWhileRevalidate, staleIfError } = freshness;
  if (age < ttl) return 'fresh';
  if (age < ttl + staleWhileRevalidate) return 'while-revalidating';
  return age < ttl + staleIfError ? 'if-error' : 'stale';
}

/** How long knowledge is still fresh, in ms; less than 0 where it is not. */
function timeLeft({ type, since }: MetadataEntry, { ttl, negativeTtl }: Freshness, at: number): number {
  return since + (type === 'absent' ? negativeTtl : ttl) - at;
}

/**
 * Waits for another request's question. On Workers it may never end for anyone else: then it is as good as none.
 *
 * @throws StoreError what the storage answered it with
 */
async function waitForFlight(answer: Promise<unknown>): Promise<void> {
  try {
    await withTimeout(SINGLE_FLIGHT_TIMEOUT, answer);
  } catch (error) {
    if (isStoreError(error)) throw error;
  }
}
