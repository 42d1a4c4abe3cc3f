const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// The three forms of §5.6.7. All are case-sensitive, and white space is always a single space.
const DAY = `(?:${DAYS.join('|')})`;
const LONG_DAY = '(?:Sunday|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday)';
const MONTH = `(${MONTHS.join('|')})`;
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)';
const IMF_FIXDATE = new RegExp(`^${DAY}, (\\d\\d) ${MONTH} (\\d{4}) ${TIME} GMT$`);
const RFC_850 = new RegExp(`^${LONG_DAY}, (\\d\\d)-${MONTH}-(\\d\\d) ${TIME} GMT$`);
const ASCTIME = new RegExp(`^${DAY} ${MONTH} ([ \\d]\\d) ${TIME} (\\d{4})$`);

/** Whole seconds since the epoch. HTTP dates have no finer resolution, so dates are compared in this unit only. */
export type Seconds = number;

/**
 * Converts a date to seconds since the epoch, rounded down.
 *
 * @returns `NaN` for an invalid Date
 */
export function toSeconds(date: Date): Seconds {
  return Math.floor(date.getTime() / 1000);
}

/** Cache of printed dates. A response has two, and both are usually the same as in the previous response. */
const printedDates = new Map<Seconds, string>();
const MAX_PRINTED_DATES = 64;

/** Prints a date as IMF-fixdate, the only form that may be sent (§5.6.7). */
export function printHttpDate(seconds: Seconds): string {
  const cached = printedDates.get(seconds);
  if (cached !== undefined) return cached;
  if (printedDates.size >= MAX_PRINTED_DATES) printedDates.clear();
  const text = new Date(seconds * 1000).toUTCString();
  printedDates.set(seconds, text);
  return text;
}

/**
 * Parses a date in any of the three forms of §5.6.7. Never throws.
 *
 * @param now resolves the two-digit year of the RFC 850 form: the date is at most 50 years after it
 * @returns `undefined` for anything else, such as two dates in one field
 */
export function parseHttpDate(value: string, now: Seconds): Seconds | undefined {
  const imf = IMF_FIXDATE.exec(value);
  if (imf !== null) return instant(imf[3], imf[2], imf[1], imf.slice(4));
  const rfc850 = RFC_850.exec(value);
  if (rfc850 !== null)
    return resolveTwoDigitYear(Number(rfc850[3]), now, (year) => instant(year, rfc850[2], rfc850[1], rfc850.slice(4)));
  const asctime = ASCTIME.exec(value);
  if (asctime !== null) return instant(asctime[6], asctime[1], asctime[2], asctime.slice(3, 6));
  return undefined;
}

/** Resolves a two-digit year: the latest year with these digits that puts the date at most 50 years after `now`. */
function resolveTwoDigitYear(
  twoDigits: number,
  now: Seconds,
  inYear: (year: number) => Seconds | undefined,
): Seconds | undefined {
  const latest = new Date(now * 1000);
  latest.setUTCFullYear(latest.getUTCFullYear() + 50);
  const latestYear = latest.getUTCFullYear();
  const year = latestYear - ((latestYear - twoDigits) % 100);
  const seconds = inYear(year);
  return seconds !== undefined && seconds > toSeconds(latest) ? inYear(year - 100) : seconds;
}

function instant(
  year: string | number | undefined,
  month: string | undefined,
  day: string | undefined,
  time: readonly string[],
): Seconds | undefined {
  const [hours = Number.NaN, minutes = Number.NaN, seconds = Number.NaN] = time.map(Number);
  // The grammar allows 60 as a second, for leap seconds.
  if (!(hours < 24 && minutes < 60 && seconds <= 60)) return undefined;
  // Not Date.UTC, which reads the years 0 to 99 as 1900 to 1999.
  const date = new Date(0);
  date.setUTCFullYear(Number(year), MONTHS.indexOf(month ?? ''), Number(day));
  if (date.getUTCDate() !== Number(day)) return undefined;
  date.setUTCHours(hours, minutes, seconds);
  return toSeconds(date);
}
