import type { CacheAccount } from '../store/tally.ts';

/** Cache-Status (RFC 9211), as far as it is known when the head of the answer goes out. */
export function printCacheStatus({ forward, isStored, ttl }: CacheAccount): string {
  const members = ['Rangeway', forward === undefined ? 'hit' : `fwd=${forward}`];
  if (forward !== undefined && isStored) members.push('stored');
  if (ttl !== undefined) members.push(`ttl=${Math.round(ttl / 1000)}`);
  return members.join('; ');
}
