import { usageError } from './usage.ts';

/** The length of each unit, in seconds. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
]);

/**
 * Reads a duration such as `90s`, `30m`, `2h`, `7d`.
 *
 * @returns whole seconds
 * @throws UsageError if it is not a duration
 */
export function parseDuration(option: string, text: string): number {
  const [, digits, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(digits) * (UNITS.get(unit) ?? Number.NaN);
  if (seconds > 0) return seconds;
  throw usageError(`--${option} takes a number and a unit, such as 90s, 30m, 2h or 7d, not "${text}"`);
}
