import {
  granted,
  needsOf,
  refused,
  withNeeds,
  type AccessRule,
  type AccessVerdict,
  type Grant,
  type Refused,
} from './access.ts';

/**
 * Makes a rule that grants a request if at least one rule grants it. The rules are called in order until one grants, and
 * its grant is the result. So put rules whose grants have terms, such as a link's file name, first.
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
 * rate. Of all other terms, the first value counts.
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
 * Selects the refusal to report. First `unavailable`, because the failed rule might have granted the request. Then
 * `expired` and `not-yet`, because they tell the holder of a link how to continue. Then all challenges together, and
 * `forbidden` last.
 */
function selectRefusal(refusals: readonly Refused[]): Refused {
  const unavailable = refusals.find(({ type }) => type === 'unavailable');
  if (unavailable !== undefined) return unavailable;
  for (const reason of ['expired', 'not-yet'] as const) {
    if (refusals.some((one) => one.type === 'refused' && one.reason === reason)) return refused(reason);
  }
  const [challenge, ...more] = refusals.flatMap((one) => (one.type === 'unauthenticated' ? one.challenges : []));
  return challenge === undefined ? refused('forbidden') : { type: 'unauthenticated', challenges: [challenge, ...more] };
}

function mergeGrants(one: Grant, other: Grant): Grant {
  const rates = [one, other].flatMap(({ maxBytesPerSecond: rate }) => rate ?? []);
  return {
    isPrivate: one.isPrivate || other.isPrivate,
    fileName: one.fileName ?? other.fileName,
    downloadId: one.downloadId ?? other.downloadId,
    maxBytesPerSecond: rates.length === 0 ? undefined : Math.min(...rates),
  };
}
