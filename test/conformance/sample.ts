import type { Case } from './case.ts';
import { cases, groups } from './cases/index.ts';
import { regressions } from './regressions.ts';

/** One case of so many runs, of each stratum; at least one. */
const SHARE = 12;

/**
 * Cases of the same group whose answers have the same statuses and kind of body: the strata of a sample.
 *
 * @throws Error when a regression names no case
 */
function strata(): readonly (readonly Case[])[] {
  const names = new Set(cases.map(({ name }) => name));
  for (const name of regressions) if (!names.has(name)) throw new Error(`no case has the name ${JSON.stringify(name)}`);
  return groups.flatMap((group) => {
    const alike = Map.groupBy(group, ({ expect: { status, body } }) => `${[status].flat().join()} ${body?.type}`);
    return Array.from(alike.values());
  });
}

/**
 * The same cases for a suite on each run: of every stratum the share, and every case that has failed once. Suites
 * begin at different places, so that together they run most cases.
 *
 * @param suite the suite's name
 */
export function sampleOf(suite: string): readonly Case[] {
  const first = Array.from(suite).reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_521, 7);
  const chosen = new Set(
    strata().flatMap((stratum) => {
      const step = Math.min(SHARE, stratum.length);
      return stratum.filter(({ name }, i) => i % step === first % step || regressions.has(name));
    }),
  );
  return cases.filter((one) => chosen.has(one));
}
