import type { Results } from './results.ts';

/** Whether this is what a run has written. Enough is looked at to tell it from other JSON. */
export function isResults(value: unknown): value is Results {
  return (
    typeof value === 'object' && value !== null && 'made' in value && 'parts' in value && Array.isArray(value.parts)
  );
}
