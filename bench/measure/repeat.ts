import { spreadOf, type Spread } from './statistics.ts';

/** Measures several times. Throws where that is not even once. */
export function repeat(times: number, measure: () => number): Spread {
  const spread = spreadOf(Array.from({ length: times }, measure));
  if (spread === undefined) throw new RangeError('nothing is measured zero times');
  return spread;
}
