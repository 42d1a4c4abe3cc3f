/** The three forms of §5.6.7 that a recipient has to accept. */
export const DATE_FORMS = ['imf', 'rfc850', 'asctime'] as const;

export type DateForm = (typeof DATE_FORMS)[number];

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** Prints a date of the years 0 to 9999 in one of the forms, field by field. */
export function printDate(seconds: number, form: DateForm): string {
  const date = new Date(seconds * 1000);
  const longDay = DAYS[date.getUTCDay()] ?? '';
  const day = longDay.slice(0, 3);
  const month = MONTHS[date.getUTCMonth()] ?? '';
  const year = String(date.getUTCFullYear()).padStart(4, '0');
  const dayOfMonth = String(date.getUTCDate());
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
    .map((n) => String(n).padStart(2, '0'))
    .join(':');
  switch (form) {
    case 'imf':
      return `${day}, ${dayOfMonth.padStart(2, '0')} ${month} ${year} ${time} GMT`;
    case 'rfc850':
      return `${longDay}, ${dayOfMonth.padStart(2, '0')}-${month}-${year.slice(2)} ${time} GMT`;
    case 'asctime':
      return `${day} ${month} ${dayOfMonth.padStart(2, ' ')} ${time} ${year}`;
  }
}
