import { spreadOf, type Spread } from './statistics.ts';

/**
 * Measures several times.
 *
 * @throws RangeError if `times` is below 1
 */
export function repeat(times: number, measure: () => number): Spread {
  return spread(Array.from({ length: times }, measure));
}

/**
 * Measures several times, one after the other.
 *
 * @throws RangeError if `times` is below 1
 */
export async function repeatAsync(times: number, measure: () => Promise<number>): Promise<Spread> {
  const values: number[] = [];
  for (let i = 0; i < times; i++) values.push(await measure());
  return spread(values);
}

function spread(values: readonly number[]): Spread {
  const measured = spreadOf(values);
  if (measured === undefined) throw new RangeError('a measurement needs at least one repetition');
  return measured;
}
