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

/** A day, or a day and a time, with the zone Z or an offset; in UTC without one. */
const DATE = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2})?)(Z|[+-]\d{2}:\d{2})?)?$/;

/**
 * Reads a date such as `2026-12-31` (until the end of that day, UTC) or `2026-12-31T18:00Z`.
 *
 * @returns whole seconds since 1970
 * @throws UsageError if it is not a date
 */
export function parseDate(option: string, text: string): number {
  const [, day, time, zone = 'Z'] = DATE.exec(text) ?? [];
  const start = Date.parse(`${day}T${time ?? '00:00'}${zone}`) / 1000;
  // Date.parse rolls February 30 over to March.
  const isReal = day !== undefined && new Date(`${day}T00:00Z`).toISOString().startsWith(day);
  if (!Number.isFinite(start) || !isReal) {
    throw usageError(`--${option} takes a date such as 2026-12-31 or 2026-12-31T18:00Z, not "${text}"`);
  }
  return time === undefined ? start + DAY : start;
}

const DAY = 86_400;
