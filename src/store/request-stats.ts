/** What one request has cost. Whoever spends adds to it: a driver its operations, a wrapper what it did besides. */
export interface RequestStats {
  /** Operations of the storage, as it would bill them; what an SDK tries again by itself is not seen here. */
  operations: number;
  /** Bodies that broke and were read on. */
  continued: number;
  /** What a cache did; absent where none was asked. */
  cache?: CacheStats;
}

/** What a cache of blocks did for one request. */
export interface CacheStats {
  /** Blocks, or parts of them, that it had and that it had not. */
  hits: number;
  misses: number;
  /** Bytes that it gave. */
  bytes: number;
  /** Why the storage was asked first, as RFC 9211 (section 2.2) calls it; absent while it was not. */
  forward?: 'bypass' | 'uri-miss' | 'miss' | 'stale' | 'partial';
  /** Whether what was read is kept. */
  isStored: boolean;
  /** How long the metadata are fresh, in ms; less than 0 where they are stale. */
  ttl?: number;
}

/** A tally of nothing yet. */
export function newRequestStats(): RequestStats {
  return { operations: 0, continued: 0 };
}

/** Counts one operation of a storage, about to be made. */
export function countOperation({ stats }: { readonly stats?: RequestStats | undefined }): void {
  if (stats !== undefined) stats.operations++;
}
