import { spreadOf, type Spread } from './statistics.ts';

/**
 * Measures several times.
 *
 * @throws RangeError if `times` is below 1
 */
export function repeat(times: number, measure: () => number): Spread {
  const spread = spreadOf(Array.from({ length: times }, measure));
  if (spread === undefined) throw new RangeError('a measurement needs at least one repetition');
  return spread;
}
