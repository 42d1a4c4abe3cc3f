import type { Results } from './results.ts';

/** Tells the results of a run from other JSON, by the members that a run always writes. */
export function isResults(value: unknown): value is Results {
  return (
    typeof value === 'object' && value !== null && 'made' in value && 'parts' in value && Array.isArray(value.parts)
  );
}
