import type { CacheAccount } from '../store/object-store.ts';

/** Cache-Status (RFC 9211), as far as it is known when the head of the answer goes out. */
export function printCacheStatus({ forward, isStored, ttl }: CacheAccount): string {
  const members = ['Rangeway', forward === undefined ? 'hit' : `fwd=${forward}`];
  if (forward !== undefined && isStored) members.push('stored');
  // What holds for ever has no number that the field could carry.
  if (ttl !== undefined && Number.isFinite(ttl)) members.push(`ttl=${Math.round(ttl / 1000)}`);
  return members.join('; ');
}
