import fc from 'fast-check';

/** Cases a property is tried on. More of them, for a night's run, by the environment variable RANGEWAY_RUNS. */
const RUNS = Number(process.env['RANGEWAY_RUNS'] ?? 1000);

/** Tries a property on many cases; throws with the smallest one that it fails for. */
export function holds<T>(property: fc.IProperty<T>): void {
  fc.assert(property, { numRuns: RUNS });
}

/** Like {@link holds}, of a property that has to be awaited. */
export async function holdsAsync<T>(property: fc.IAsyncProperty<T>): Promise<void> {
  await fc.assert(property, { numRuns: RUNS });
}
