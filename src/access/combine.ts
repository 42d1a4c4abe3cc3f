import {
  granted,
  needsOf,
  refused,
  withNeeds,
  type AccessRule,
  type AccessVerdict,
  type Grant,
  type LinkQuota,
  type Refused,
} from './access.ts';

/**
 * Makes a rule that grants a request if at least one rule grants it. The rules are called in order until one grants,
 * and its grant is the result. So put rules whose grants have terms, such as a link's file name, first.
 *
 * @example
 * import { anyOf, createGateway, ipAccess, memoryStore, parseLinkKeys, signedAccess } from 'rangeway';
 *
 * const keys = parseLinkKeys(process.env['RANGEWAY_KEYS'] ?? '');
 * const access = anyOf(signedAccess(keys), ipAccess(['203.0.113.0/24']));
 * export default createGateway({ store: memoryStore(), access });
 */
export function anyOf(first: AccessRule, ...others: readonly AccessRule[]): AccessRule {
  const rules = [first, ...others];
  return withNeeds(
    async (request) => {
      const refusals: Refused[] = [];
      for (const rule of rules) {
        const verdict = await rule(request);
        if (verdict.type === 'granted') return verdict;
        refusals.push(verdict);
      }
      return selectRefusal(refusals);
    },
    needsOf(
      'anyOf',
      rules.map(({ needs }) => needs),
    ),
  );
}

/**
 * Makes a rule that grants a request only if every rule grants it. The rules are called in order until one does not
 * grant, and its verdict is the result. Grants are merged: the result is private if one of them is, and has the lowest
 * rate and quotas, and the earliest end. Of all other terms, the first value counts.
 *
 * @example
 * import { allOf, createGateway, ipAccess, memoryStore, parseLinkKeys, signedAccess } from 'rangeway';
 *
 * const keys = parseLinkKeys(process.env['RANGEWAY_KEYS'] ?? '');
 * const access = allOf(ipAccess(['203.0.113.0/24']), signedAccess(keys));
 * export default createGateway({ store: memoryStore(), access });
 */
export function allOf(first: AccessRule, ...others: readonly AccessRule[]): AccessRule {
  return withNeeds(
    async (request) => {
      let verdict: AccessVerdict = await first(request);
      for (const rule of others) {
        if (verdict.type !== 'granted') return verdict;
        const next = await rule(request);
        verdict = next.type === 'granted' ? granted(mergeGrants(verdict.grant, next.grant)) : next;
      }
      return verdict;
    },
    needsOf(
      'allOf',
      [first, ...others].map(({ needs }) => needs),
    ),
  );
}

/**
 * Selects the refusal to report, in this order: `unavailable`, because the failed rule might have granted the request;
 * `expired` and `not-yet`, because the holder of the link can act on them; all challenges together; `forbidden`.
 */
function selectRefusal(refusals: readonly Refused[]): Refused {
  const unavailable = refusals.find(({ type }) => type === 'unavailable');
  if (unavailable !== undefined) return unavailable;
  for (const reason of ['expired', 'not-yet'] as const) {
    if (refusals.some((refusal) => refusal.type === 'refused' && refusal.reason === reason)) return refused(reason);
  }
  const [challenge, ...more] = refusals.flatMap((refusal) =>
    refusal.type === 'unauthenticated' ? refusal.challenges : [],
  );
  return challenge === undefined ? refused('forbidden') : { type: 'unauthenticated', challenges: [challenge, ...more] };
}

function mergeGrants(first: Grant, second: Grant): Grant {
  const rates = [first, second].flatMap(({ maxBytesPerSecond: rate }) => rate ?? []);
  const ends = [first, second].flatMap(({ expires }) => expires ?? []);
  return {
    isPrivate: first.isPrivate || second.isPrivate,
    fileName: first.fileName ?? second.fileName,
    downloadId: first.downloadId ?? second.downloadId,
    expires: ends.length === 0 ? undefined : Math.min(...ends),
    user: first.user ?? second.user,
    maxBytesPerSecond: rates.length === 0 ? undefined : Math.min(...rates),
    rateKey: first.rateKey ?? second.rateKey,
    quota: mergeQuotas(first.quota, second.quota),
  };
}

function mergeQuotas(first: LinkQuota | undefined, second: LinkQuota | undefined): LinkQuota | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  const lowest = (name: keyof LinkQuota) => {
    const values = [first, second].flatMap((quota) => quota[name] ?? []);
    return values.length === 0 ? undefined : Math.min(...values);
  };
  return { downloads: lowest('downloads'), bytes: lowest('bytes'), connections: lowest('connections') };
}
