/**
 * How many cases of a campaign to run: a tenth, or what RANGEWAY_CAMPAIGN says: `full`, as `npm run test:campaigns`
 * has it, or a number.
 */
export function share(whole: number): number {
  const asked = process.env['RANGEWAY_CAMPAIGN'] ?? '';
  if (asked === 'full') return whole;
  if (asked !== '' && !/^\d{1,7}$/.test(asked))
    throw new Error(`RANGEWAY_CAMPAIGN takes "full" or a number, not "${asked}"`);
  return asked === '' ? Math.ceil(whole / 10) : Number(asked);
}
