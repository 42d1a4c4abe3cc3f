/** How the cache handled a request, as known when the head of the response is sent. */
export interface CacheOutcome {
  /** Why the request was forwarded to the storage (RFC 9211 §2.2); absent on a hit. */
  readonly forward?: 'bypass' | 'uri-miss' | 'miss' | 'stale' | 'partial';
  /** Whether the storage's response is stored in the cache. */
  readonly isStored: boolean;
  /** Remaining freshness lifetime of the metadata, in ms; negative if they are stale. */
  readonly ttl?: number;
}

/**
 * Prints the value of Cache-Status (RFC 9211).
 *
 * @returns one list member, such as `Rangeway; fwd=miss; stored`; `ttl` is in seconds
 */
export function printCacheStatus({ forward, isStored, ttl }: CacheOutcome): string {
  const members = ['Rangeway', forward === undefined ? 'hit' : `fwd=${forward}`];
  if (forward !== undefined && isStored) members.push('stored');
  // An infinite lifetime can't be printed as an integer.
  if (ttl !== undefined && Number.isFinite(ttl)) members.push(`ttl=${Math.round(ttl / 1000)}`);
  return members.join('; ');
}
