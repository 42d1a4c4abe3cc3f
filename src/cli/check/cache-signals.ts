/** How a cache handled a request, as its response says. */
export interface CacheSignal {
  /** The field that says so, as it was sent: `CF-Cache-Status: HIT`. */
  readonly seen: string;
  readonly outcome: 'hit' | 'miss' | 'bypass';
}

/** Fields of a word or a list of words, of CDNs and of proxies. The last word is of the cache next to the client. */
const FIELDS = [
  'CF-Cache-Status',
  'X-Cache',
  'X-Cache-Status',
  'X-Proxy-Cache',
  'CDN-Cache',
  'X-Vercel-Cache',
] as const;

const HIT = /(?:^|[\s_:])(?:refresh)?hit\b|^(?:stale|updating|revalidated)\b|^tcp_\w*hit/i;
const BYPASS = /\b(?:bypass|dynamic|none|pass|uncacheable)\b/i;

/**
 * Reads how caches handled a request: Cache-Status (RFC 9211), the fields of CDNs, Server-Timing, and Age.
 *
 * @param fields by name in lower case
 * @returns a hit of any cache, else the signal of the one next to the client; `undefined` if no cache shows itself
 */
export function readCacheSignal(fields: ReadonlyMap<string, string>): CacheSignal | undefined {
  const signals = [...cacheStatus(fields), ...words(fields), ...serverTiming(fields)];
  const age = fields.get('age');
  if (age !== undefined && /^\d+$/.test(age) && Number(age) > 0 && signals.length === 0)
    signals.push({ seen: `Age: ${age}`, outcome: 'hit' });
  return signals.find(({ outcome }) => outcome === 'hit') ?? signals[0];
}

/** The members of Cache-Status, the cache next to the client first. */
function cacheStatus(fields: ReadonlyMap<string, string>): CacheSignal[] {
  const members = (fields.get('cache-status') ?? '').split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).toReversed();
  return members
    .map((member) => member.trim())
    .filter((member) => member !== '')
    .map((member) => {
      const parameters = member
        .split(';')
        .slice(1)
        .map((one) => one.trim().toLowerCase());
      const isHit = parameters.some((one) => one === 'hit' || one === 'hit=?1');
      const outcome = isHit ? 'hit' : parameters.includes('fwd=bypass') ? 'bypass' : 'miss';
      return { seen: `Cache-Status: ${member}`, outcome };
    });
}

function words(fields: ReadonlyMap<string, string>): readonly CacheSignal[] {
  return FIELDS.flatMap((name) => {
    const value = fields.get(name.toLowerCase());
    if (value === undefined || value.trim() === '') return [];
    const members = value.split(',').map((one) => one.trim());
    const outcome = members.some((one) => HIT.test(one)) ? 'hit' : BYPASS.test(value) ? 'bypass' : 'miss';
    return [{ seen: `${name}: ${value}`, outcome } as const];
  });
}

function serverTiming(fields: ReadonlyMap<string, string>): readonly CacheSignal[] {
  const [, word] =
    /\bcdn-cache(?:-(hit|miss)\b|\s*;[^,]*\bdesc="?(hit|miss)\b)/i
      .exec(fields.get('server-timing') ?? '')
      ?.filter(Boolean) ?? [];
  if (word === undefined) return [];
  return [{ seen: `Server-Timing: cdn-cache ${word}`, outcome: /hit/i.test(word) ? 'hit' : 'miss' }];
}
