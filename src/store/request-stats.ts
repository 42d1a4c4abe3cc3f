/** The costs of one request. Each store adds its own: a driver counts operations, a wrapper counts its own work. */
export interface RequestStats {
  /** Storage operations as the storage bills them. Retries inside an SDK that it does not report are not counted. */
  operations: number;
  /** Bodies that broke off and were continued. */
  continued: number;
  /** Absent if the request used no cache. */
  cache?: CacheStats;
}

/** The work of a block cache for one request. */
export interface CacheStats {
  /** Blocks, or parts of blocks, that were cached. */
  hits: number;
  /** Blocks, or parts of blocks, that were not cached. */
  misses: number;
  /** Bytes that came from the cache. */
  bytes: number;
  /** The reason of the first request to the storage (RFC 9211 §2.2). Absent as long as there was none. */
  forward?: 'bypass' | 'uri-miss' | 'miss' | 'stale' | 'partial';
  /** Whether the bytes that were read from the storage are stored in the cache. */
  isStored: boolean;
  /** Remaining freshness of the metadata in ms; negative if they are stale. */
  ttl?: number;
}

/** Makes the costs of a request that has done nothing yet. */
export function newRequestStats(): RequestStats {
  return { operations: 0, continued: 0 };
}

/** Counts one storage operation. Drivers call it before they send the request. */
export function countOperation({ stats }: { readonly stats?: RequestStats | undefined }): void {
  if (stats !== undefined) stats.operations++;
}
