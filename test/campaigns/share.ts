/**
 * How many cases of a campaign to run: all with RANGEWAY_CAMPAIGN=full, as `npm run test:campaigns` sets it, else a
 * tenth.
 */
export function share(whole: number): number {
  return process.env['RANGEWAY_CAMPAIGN'] === 'full' ? whole : Math.ceil(whole / 10);
}
