import fc from 'fast-check';
import { isFull } from './full.ts';

/** Cases that a property is tried on in a full run. */
export const WHOLE_RUNS = 1_000;

/** Cases that a property is tried on: 100, in a full run all, or the number in the environment variable RANGEWAY_RUNS. */
export const RUNS = Number(process.env['RANGEWAY_RUNS'] ?? (isFull ? WHOLE_RUNS : 100));

/** Tries a property on many cases; throws with the smallest one that it fails for. */
export function holds<T>(property: fc.IProperty<T>): void {
  fc.assert(property, { numRuns: RUNS });
}

/** Like {@link holds}, of a property that has to be awaited. */
export async function holdsAsync<T>(property: fc.IAsyncProperty<T>): Promise<void> {
  await fc.assert(property, { numRuns: RUNS });
}
