import type { Case, Expect, HeaderLine } from '../case.ts';
import { digits, notModified, preconditionFailed, whole } from '../expected.ts';

const all = whole('digits.txt');

const since = (name: string, value: string, expect: Expect): Case =>
  digits(`If-Modified-Since: ${name}`, '§13.1.3', [['If-Modified-Since', value]], expect);

const unmodified = (name: string, value: string, expect: Expect): Case =>
  digits(`If-Unmodified-Since: ${name}`, '§13.1.4', [['If-Unmodified-Since', value]], expect);

/** A date not earlier than Last-Modified: the object has not been modified since. */
const notEarlier = (name: string, value: string): readonly Case[] => [
  since(name, value, notModified),
  unmodified(name, value, all),
];

/** A date earlier than Last-Modified: the object has been modified since. */
const earlier = (name: string, value: string): readonly Case[] => [
  since(name, value, all),
  unmodified(name, value, preconditionFailed),
];

/**
 * An invalid HTTP-date is ignored: read as a past one it would fail If-Unmodified-Since, read as
 * a future one it would make If-Modified-Since a 304. So each comes with the field that shows it.
 */
const invalidPast = (name: string, value: string): Case => unmodified(`ignored: ${name}`, value, all);
const invalidFuture = (name: string, value: string): Case => since(`ignored: ${name}`, value, all);

const twice = (name: string, rule: string, headers: readonly HeaderLine[], expect: Expect): Case =>
  digits(name, rule, headers, expect);

export const preconditionDateCases: readonly Case[] = [
  ...notEarlier('the very second', '{date}'),
  ...notEarlier('one second later', '{date+1}'),
  ...notEarlier('the very second in the form of RFC 850', '{date-rfc850}'),
  ...notEarlier('the very second in the form of asctime', '{date-asctime}'),
  ...notEarlier('white space around the date', ' \t{date}\t '),
  ...notEarlier('a date to come is a date', 'Fri, 31 Dec 2100 23:59:59 GMT'),
  ...notEarlier('a date to come in the form of asctime', 'Fri Dec 31 23:59:59 2100'),

  ...earlier('one second earlier', '{date-1}'),
  ...earlier('a date long ago', 'Sun, 06 Nov 1994 08:49:37 GMT'),
  ...earlier('a date long ago in the form of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT'),
  ...earlier('a date long ago in the form of asctime', 'Sun Nov  6 08:49:37 1994'),
  ...earlier('a day of two digits in the form of asctime', 'Wed Nov 16 08:49:37 1994'),
  ...earlier('the epoch', 'Thu, 01 Jan 1970 00:00:00 GMT'),
  ...earlier('a leap day', 'Tue, 29 Feb 2000 12:00:00 GMT'),

  invalidPast('a word', 'yesterday'),
  invalidPast('an empty field', ''),
  invalidPast('a number of seconds', '784111777'),
  invalidPast('a small number, which lenient parsers take for a month or year', '1'),
  invalidPast('the form of ISO 8601', '1994-11-06T08:49:37Z'),
  invalidPast('the form of ISO 8601 without a time', '1994-11-06'),
  invalidPast('no zone', 'Sun, 06 Nov 1994 08:49:37'),
  invalidPast('a numeric zone', 'Sun, 06 Nov 1994 08:49:37 +0000'),
  invalidPast('the zone UTC', 'Sun, 06 Nov 1994 08:49:37 UTC'),
  invalidPast('another zone', 'Sun, 06 Nov 1994 08:49:37 EST'),
  invalidPast('no name of the day', '06 Nov 1994 08:49:37 GMT'),
  invalidPast('a day of one digit', 'Sun, 6 Nov 1994 08:49:37 GMT'),
  invalidPast('a year of two digits', 'Sun, 06 Nov 94 08:49:37 GMT'),
  invalidPast('no seconds', 'Sun, 06 Nov 1994 08:49 GMT'),
  invalidPast('a fraction of a second', 'Sun, 06 Nov 1994 08:49:37.5 GMT'),
  invalidPast('lower case', 'sun, 06 nov 1994 08:49:37 gmt'),
  invalidPast('the name of the month written out', 'Sun, 06 November 1994 08:49:37 GMT'),
  invalidPast('a day that the month has not', 'Thu, 31 Feb 1994 08:49:37 GMT'),
  invalidPast('a 29th of February of no leap year', 'Tue, 29 Feb 1994 08:49:37 GMT'),
  invalidPast('hour 24', 'Sun, 06 Nov 1994 24:00:00 GMT'),
  invalidPast('minute 60', 'Sun, 06 Nov 1994 08:60:00 GMT'),
  invalidPast('a parameter, as old browsers sent', 'Sun, 06 Nov 1994 08:49:37 GMT; length=10'),
  invalidPast('a quoted date', '"Sun, 06 Nov 1994 08:49:37 GMT"'),
  invalidFuture('a word that says never', 'never'),
  invalidFuture('an empty field', ''),
  invalidFuture('zero', '0'),
  invalidFuture('the form of ISO 8601', '2100-12-31T23:59:59Z'),
  invalidFuture('no zone', 'Fri, 31 Dec 2100 23:59:59'),
  invalidFuture('a numeric zone', 'Fri, 31 Dec 2100 23:59:59 +0000'),
  invalidFuture('a date and junk', '{date} x'),
  invalidFuture('a parameter, as old browsers sent', '{date}; length=10'),
  invalidFuture('a list of two dates', '{date}, {date}'),
  invalidFuture('the current tag', '{etag}'),

  twice(
    'If-Modified-Since: ignored: two lines of the same date',
    '§13.1.3',
    [
      ['If-Modified-Since', '{date}'],
      ['If-Modified-Since', '{date}'],
    ],
    all,
  ),
  twice(
    'If-Modified-Since: ignored: two lines, the first earlier',
    '§13.1.3',
    [
      ['If-Modified-Since', '{date-1}'],
      ['If-Modified-Since', '{date}'],
    ],
    all,
  ),
  twice(
    'If-Unmodified-Since: ignored: two lines of the same early date',
    '§13.1.4',
    [
      ['If-Unmodified-Since', '{date-1}'],
      ['If-Unmodified-Since', '{date-1}'],
    ],
    all,
  ),
  twice('If-Modified-Since: a 304 by date names the tag too', '§15.4.5', [['If-Modified-Since', '{date}']], {
    ...notModified,
    headers: { etag: '{etag}', 'content-length': null },
  }),
];
