const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// The three forms of §5.6.7. All are case-sensitive, and white space is single spaces.
const DAY = `(?:${DAYS.join('|')})`;
const LONG_DAY = '(?:Sunday|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday)';
const MONTH = `(${MONTHS.join('|')})`;
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)';
const IMF_FIXDATE = new RegExp(`^${DAY}, (\\d\\d) ${MONTH} (\\d{4}) ${TIME} GMT$`);
const RFC_850 = new RegExp(`^${LONG_DAY}, (\\d\\d)-${MONTH}-(\\d\\d) ${TIME} GMT$`);
const ASCTIME = new RegExp(`^${DAY} ${MONTH} ([ \\d]\\d) ${TIME} (\\d{4})$`);

/** Whole seconds since the epoch: what HTTP dates can tell, so all that is ever compared. */
export type Seconds = number;

/** The second that an instant lies in. */
export function toSeconds(date: Date): Seconds {
  return Math.floor(date.getTime() / 1000);
}

/** Of the last dates that were printed: an answer has two, mostly the same as the one before. */
const printed = new Map<Seconds, string>();
const MOST_PRINTED = 64;

/** Prints IMF-fixdate, the only form that may be sent (§5.6.7). */
export function printHttpDate(seconds: Seconds): string {
  const known = printed.get(seconds);
  if (known !== undefined) return known;
  if (printed.size >= MOST_PRINTED) printed.clear();
  const text = new Date(seconds * 1000).toUTCString();
  printed.set(seconds, text);
  return text;
}

/**
 * Reads a date in any of the three forms of §5.6.7.
 *
 * @param now places the two-digit year of the RFC 850 form: never more than 50 years ahead.
 * @returns `undefined` for anything else, such as two dates in one field. Never throws.
 */
export function parseHttpDate(value: string, now: Seconds): Seconds | undefined {
  const imf = IMF_FIXDATE.exec(value);
  if (imf !== null) return instant(imf[3], imf[2], imf[1], imf.slice(4));
  const rfc850 = RFC_850.exec(value);
  if (rfc850 !== null)
    return mostRecent(Number(rfc850[3]), now, (year) => instant(year, rfc850[2], rfc850[1], rfc850.slice(4)));
  const asctime = ASCTIME.exec(value);
  if (asctime !== null) return instant(asctime[6], asctime[1], asctime[2], asctime.slice(3, 6));
  return undefined;
}

/** The latest instant with these two digits of a year that is not more than 50 years ahead of `now`. */
function mostRecent(
  twoDigits: number,
  now: Seconds,
  inYear: (year: number) => Seconds | undefined,
): Seconds | undefined {
  const fiftyYearsOn = new Date(now * 1000);
  fiftyYearsOn.setUTCFullYear(fiftyYearsOn.getUTCFullYear() + 50);
  const limit = fiftyYearsOn.getUTCFullYear();
  const year = limit - ((limit - twoDigits) % 100);
  const seconds = inYear(year);
  return seconds !== undefined && seconds > toSeconds(fiftyYearsOn) ? inYear(year - 100) : seconds;
}

function instant(
  year: string | number | undefined,
  month: string | undefined,
  day: string | undefined,
  time: readonly string[],
): Seconds | undefined {
  const [hours = Number.NaN, minutes = Number.NaN, seconds = Number.NaN] = time.map(Number);
  // The grammar lets a second be 60, for leap seconds.
  if (!(hours < 24 && minutes < 60 && seconds <= 60)) return undefined;
  // setUTCFullYear and not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  const date = new Date(0);
  date.setUTCFullYear(Number(year), MONTHS.indexOf(month ?? ''), Number(day));
  if (date.getUTCDate() !== Number(day)) return undefined;
  date.setUTCHours(hours, minutes, seconds);
  return toSeconds(date);
}
