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
 * Whoever one of the rules lets in may read, as that rule says. Rules are asked in the order given, until one grants:
 * put those that bring something along, such as a link's file name, before those that do not.
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
      return mostTelling(refusals);
    },
    needsOf(
      'anyOf',
      rules.map(({ needs }) => needs),
    ),
  );
}

/**
 * Who may read has to satisfy every rule. They are asked in the order given, until one does not grant; its verdict is
 * the answer. Of what several grants say, the stricter holds: private, and the lowest rate; else the first that says.
 */
export function allOf(first: AccessRule, ...others: readonly AccessRule[]): AccessRule {
  return withNeeds(
    async (request) => {
      let verdict: AccessVerdict = await first(request);
      for (const rule of others) {
        if (verdict.type !== 'granted') return verdict;
        const next = await rule(request);
        verdict = next.type === 'granted' ? granted(joinGrants(verdict.grant, next.grant)) : next;
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
 * What could not be asked might have granted. An expired link tells its holder what to do, even beside a challenge
 * that the holder has no answer to. A challenge says more than a plain no, and all of them are told together.
 */
function mostTelling(refusals: readonly Refused[]): Refused {
  const unavailable = refusals.find(({ type }) => type === 'unavailable');
  if (unavailable !== undefined) return unavailable;
  for (const reason of ['expired', 'not-yet'] as const) {
    if (refusals.some((one) => one.type === 'refused' && one.reason === reason)) return refused(reason);
  }
  const [challenge, ...more] = refusals.flatMap((one) => (one.type === 'unauthenticated' ? one.challenges : []));
  return challenge === undefined ? refused('forbidden') : { type: 'unauthenticated', challenges: [challenge, ...more] };
}

function joinGrants(one: Grant, other: Grant): Grant {
  const rates = [one, other].flatMap(({ maxBytesPerSecond: rate }) => rate ?? []);
  return {
    isPrivate: one.isPrivate || other.isPrivate,
    fileName: one.fileName ?? other.fileName,
    downloadId: one.downloadId ?? other.downloadId,
    maxBytesPerSecond: rates.length === 0 ? undefined : Math.min(...rates),
  };
}
