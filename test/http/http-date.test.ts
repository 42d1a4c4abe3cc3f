import { describe, expect, test } from 'vitest';
import { parseHttpDate, printHttpDate, toSeconds } from '../../src/http/http-date.ts';

/** The date of the RFC's examples. */
const EXAMPLE = 784_111_777;
const NOW = Date.UTC(2026, 6, 1) / 1000;

function seconds(iso: string): number {
  return Date.parse(iso) / 1000;
}

describe('parseHttpDate reads', () => {
  const rows: readonly (readonly [name: string, value: string, expected: number])[] = [
    ['IMF-fixdate', 'Sun, 06 Nov 1994 08:49:37 GMT', EXAMPLE],
    ['the form of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT', EXAMPLE],
    ['the form of asctime', 'Sun Nov  6 08:49:37 1994', EXAMPLE],
    ['asctime with two digits', 'Wed Nov 16 08:49:37 1994', EXAMPLE + 10 * 86_400],
    ['asctime with a zero for the space', 'Sun Nov 06 08:49:37 1994', EXAMPLE],
    ['the epoch', 'Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['a date before the epoch', 'Wed, 31 Dec 1969 23:59:59 GMT', -1],
    ['a date after 2^31 seconds', 'Tue, 19 Jan 2038 03:14:08 GMT', 2 ** 31],
    ['29 February of a leap year', 'Thu, 29 Feb 2024 00:00:00 GMT', seconds('2024-02-29T00:00:00Z')],
    ['29 February 2000', 'Tue, 29 Feb 2000 00:00:00 GMT', seconds('2000-02-29T00:00:00Z')],
    ['the last second that can be written', 'Fri, 31 Dec 9999 23:59:59 GMT', seconds('9999-12-31T23:59:59Z')],
    ['a year below 100', 'Sat, 01 Jan 0050 00:00:00 GMT', seconds('0050-01-01T00:00:00Z')],
    ['a leap second', 'Sat, 31 Dec 2016 23:59:60 GMT', seconds('2017-01-01T00:00:00Z')],
    ['second 60 of any minute', 'Sun, 06 Nov 1994 08:49:60 GMT', seconds('1994-11-06T08:50:00Z')],
    ['the wrong day of the week', 'Mon, 06 Nov 1994 08:49:37 GMT', EXAMPLE],
    ['the wrong long day of the week', 'Monday, 06-Nov-94 08:49:37 GMT', EXAMPLE],
  ];
  test.each(rows)('%s', (_name, value, expected) => {
    expect(parseHttpDate(value, NOW)).toBe(expected);
  });

  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  test.each(months.map((month, i) => [month, i] as const))('%s in all three forms', (month, i) => {
    const expected = Date.UTC(2021, i, 15, 1, 2, 3) / 1000;
    expect([
      parseHttpDate(`Fri, 15 ${month} 2021 01:02:03 GMT`, NOW),
      parseHttpDate(`Friday, 15-${month}-21 01:02:03 GMT`, NOW),
      parseHttpDate(`Fri ${month} 15 01:02:03 2021`, NOW),
    ]).toEqual([expected, expected, expected]);
  });
  test.each(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'])('%s in IMF-fixdate and asctime', (day) => {
    expect([
      parseHttpDate(`${day}, 06 Nov 1994 08:49:37 GMT`, NOW),
      parseHttpDate(`${day} Nov  6 08:49:37 1994`, NOW),
    ]).toEqual([EXAMPLE, EXAMPLE]);
  });
  test.each(['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])(
    '%s in the form of RFC 850',
    (day) => {
      expect(parseHttpDate(`${day}, 06-Nov-94 08:49:37 GMT`, NOW)).toBe(EXAMPLE);
    },
  );
});

describe('parseHttpDate refuses', () => {
  const rows: readonly (readonly [name: string, value: string])[] = [
    ['nothing', ''],
    ['text', 'yesterday'],
    ['seconds', '784111777'],
    ['ISO 8601', '1994-11-06T08:49:37Z'],
    ['two dates', 'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT'],
    ['31 February', 'Thu, 31 Feb 2000 00:00:00 GMT'],
    ['30 February', 'Wed, 30 Feb 2000 00:00:00 GMT'],
    ['29 February of a common year', 'Wed, 29 Feb 2023 00:00:00 GMT'],
    ['29 February 1900', 'Thu, 29 Feb 1900 00:00:00 GMT'],
    ['31 April', 'Fri, 31 Apr 2020 00:00:00 GMT'],
    ['31 February of RFC 850', 'Thursday, 31-Feb-94 08:49:37 GMT'],
    ['31 February of asctime', 'Thu Feb 31 08:49:37 1994'],
    ['day 0', 'Sun, 00 Nov 1994 08:49:37 GMT'],
    ['day 0 of asctime', 'Sun Nov  0 08:49:37 1994'],
    ['day 32', 'Sun, 32 Jan 1994 08:49:37 GMT'],
    ['hour 24', 'Sun, 06 Nov 1994 24:00:00 GMT'],
    ['minute 60', 'Sun, 06 Nov 1994 08:60:00 GMT'],
    ['second 61', 'Sun, 06 Nov 1994 08:49:61 GMT'],
    ['a lower-case day', 'sun, 06 Nov 1994 08:49:37 GMT'],
    ['an upper-case day', 'SUN, 06 Nov 1994 08:49:37 GMT'],
    ['a lower-case month', 'Sun, 06 nov 1994 08:49:37 GMT'],
    ['an upper-case month', 'Sun, 06 NOV 1994 08:49:37 GMT'],
    ['a lower-case zone', 'Sun, 06 Nov 1994 08:49:37 gmt'],
    ['a lower-case long day', 'sunday, 06-Nov-94 08:49:37 GMT'],
    ['a lower-case month of asctime', 'Sun nov  6 08:49:37 1994'],
    ['another zone', 'Sun, 06 Nov 1994 08:49:37 UTC'],
    ['an offset', 'Sun, 06 Nov 1994 08:49:37 +0000'],
    ['no zone', 'Sun, 06 Nov 1994 08:49:37'],
    ['asctime with a zone', 'Sun Nov  6 08:49:37 1994 GMT'],
    ['one digit of a day', 'Sun, 6 Nov 1994 08:49:37 GMT'],
    ['a space for the digit of a day', 'Sun,  6 Nov 1994 08:49:37 GMT'],
    ['asctime with one space', 'Sun Nov 6 08:49:37 1994'],
    ['two spaces', 'Sun, 06  Nov 1994 08:49:37 GMT'],
    ['a tab', 'Sun,\t06 Nov 1994 08:49:37 GMT'],
    ['no space after the comma', 'Sun,06 Nov 1994 08:49:37 GMT'],
    ['no comma', 'Sun 06 Nov 1994 08:49:37 GMT'],
    ['a two-digit year in IMF-fixdate', 'Sun, 06 Nov 94 08:49:37 GMT'],
    ['a four-digit year in the form of RFC 850', 'Sunday, 06-Nov-1994 08:49:37 GMT'],
    ['a short day in the form of RFC 850', 'Sun, 06-Nov-94 08:49:37 GMT'],
    ['a long day in IMF-fixdate', 'Sunday, 06 Nov 1994 08:49:37 GMT'],
    ['a day that is none', 'Foo, 06 Nov 1994 08:49:37 GMT'],
    ['a month that is none', 'Sun, 06 Foo 1994 08:49:37 GMT'],
    ['a five-digit year', 'Sun, 06 Nov 11994 08:49:37 GMT'],
    ['one digit of an hour', 'Sun, 06 Nov 1994 8:49:37 GMT'],
    ['a fraction of a second', 'Sun, 06 Nov 1994 08:49:37.5 GMT'],
    ['no seconds', 'Sun, 06 Nov 1994 08:49 GMT'],
    ['text after it', 'Sun, 06 Nov 1994 08:49:37 GMT; length=5'],
    ['a line feed after it', 'Sun, 06 Nov 1994 08:49:37 GMT\n'],
    ['text before it', 'x Sun, 06 Nov 1994 08:49:37 GMT'],
    ['quotes', '"Sun, 06 Nov 1994 08:49:37 GMT"'],
    ['a sign', 'Sun, +6 Nov 1994 08:49:37 GMT'],
    ['other digits', 'Sun, \u0660\u0666 Nov 1994 08:49:37 GMT'],
  ];
  test.each(rows)('%s', (_name, value) => {
    expect(parseHttpDate(value, NOW)).toBeUndefined();
  });
});

describe('a two-digit year is at most 50 years ahead', () => {
  const rows: readonly (readonly [thisYear: number, twoDigits: string, expected: number])[] = [
    [2026, '26', 2026],
    [2026, '00', 2000],
    [2026, '75', 2075],
    [2026, '77', 1977],
    [2026, '99', 1999],
    [1994, '94', 1994],
    [1994, '43', 2043],
    [1994, '45', 1945],
    [1994, '93', 1993],
    [2080, '29', 2129],
    [2080, '31', 2031],
    [2080, '79', 2079],
    [2000, '49', 2049],
    [2000, '51', 1951],
  ];
  test.each(rows)('in %i, %s is %i', (thisYear, twoDigits, expected) => {
    const now = Date.UTC(thisYear, 6, 1) / 1000;
    const parsed = parseHttpDate(`Sunday, 06-Nov-${twoDigits} 08:49:37 GMT`, now);
    expect(parsed).toBe(Date.UTC(expected, 10, 6, 8, 49, 37) / 1000);
  });
  test('in the fiftieth year, a day before today is in the future', () => {
    expect(parseHttpDate('Monday, 01-Jun-76 00:00:00 GMT', NOW)).toBe(seconds('2076-06-01T00:00:00Z'));
  });
});

// §5.6.7: "more than 50 years in the future" is said of the timestamp, not of the year alone.
test('in the fiftieth year, a day after today is in the past', () => {
  expect(parseHttpDate('Thursday, 31-Dec-76 23:59:59 GMT', NOW)).toBe(seconds('1976-12-31T23:59:59Z'));
});

describe('printHttpDate', () => {
  const rows: readonly (readonly [name: string, seconds: number, expected: string])[] = [
    ['the example', EXAMPLE, 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['the epoch', 0, 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ['a leap day', seconds('2024-02-29T12:00:00Z'), 'Thu, 29 Feb 2024 12:00:00 GMT'],
    ['the last second that can be written', seconds('9999-12-31T23:59:59Z'), 'Fri, 31 Dec 9999 23:59:59 GMT'],
  ];
  test.each(rows)('%s', (_name, at, expected) => {
    expect(printHttpDate(at)).toBe(expected);
  });
});

describe('toSeconds', () => {
  test('drops the milliseconds', () => {
    expect(toSeconds(new Date(1999))).toBe(1);
  });
  test('rounds down also before the epoch', () => {
    expect(toSeconds(new Date(-1))).toBe(-1);
  });
});
