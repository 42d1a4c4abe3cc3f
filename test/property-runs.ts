import fc from 'fast-check';
import { isFull } from './full.ts';

/** The number of cases of a property in a full run. */
export const WHOLE_RUNS = 1_000;

/** The number of cases of a property: 100, in a full run 1,000, or the environment variable RANGEWAY_RUNS. */
export const RUNS = Number(process.env['RANGEWAY_RUNS'] ?? (isFull ? WHOLE_RUNS : 100));

/** Checks a property on many cases; throws with the smallest failing one. */
export function holds<T>(property: fc.IProperty<T>): void {
  fc.assert(property, { numRuns: RUNS });
}

/** Like {@link holds}, for an asynchronous property. */
export async function holdsAsync<T>(property: fc.IAsyncProperty<T>): Promise<void> {
  await fc.assert(property, { numRuns: RUNS });
}
