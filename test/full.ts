/** Whether all tests run in full and none may be skipped, as in `.ci/run`: RANGEWAY_FULL=1. */
export const isFull = process.env['RANGEWAY_FULL'] === '1';

/**
 * Reports tests that are skipped because a program is missing. A full run may skip none.
 *
 * @param tests what is skipped, such as `every test over S3`
 * @param missing what is missing, and how to install it
 * @throws Error in a full run
 */
export function reportSkipped(tests: string, missing: string): void {
  if (isFull) throw new Error(`RANGEWAY_FULL=1 skips nothing, but would skip ${tests}, ${missing}`);
  console.warn(`\nSKIPPED: ${tests}, ${missing}\n`);
}
