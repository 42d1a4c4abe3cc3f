/** What a cache did for an answer, as far as it is known when the head goes out. */
export interface CacheOutcome {
  /** Why the storage was asked first (§2.2); absent while it was not. */
  readonly forward?: 'bypass' | 'uri-miss' | 'miss' | 'stale' | 'partial';
  /** Whether the answer of the storage is kept. */
  readonly isStored: boolean;
  /** How long the metadata are fresh, in ms; less than 0 where they are stale. */
  readonly ttl?: number;
}

/** Cache-Status (RFC 9211), as far as it is known when the head of the answer goes out. */
export function printCacheStatus({ forward, isStored, ttl }: CacheOutcome): string {
  const members = ['Rangeway', forward === undefined ? 'hit' : `fwd=${forward}`];
  if (forward !== undefined && isStored) members.push('stored');
  // What holds for ever has no number that the field could carry.
  if (ttl !== undefined && Number.isFinite(ttl)) members.push(`ttl=${Math.round(ttl / 1000)}`);
  return members.join('; ');
}
