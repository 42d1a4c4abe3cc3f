import type { Case, Expect, HeaderLine } from '../case.ts';
import { digits, multipart, part, unsatisfiable, whole } from '../expected.ts';

const some = part('digits.txt', 2, 5);
const all = whole('digits.txt');
const range: HeaderLine = ['Range', 'bytes=2-4'];

/** `bytes=2-4` under that If-Range. */
const under = (name: string, ifRange: string, expect: Expect): Case =>
  digits(`If-Range: ${name}`, '§13.1.5', [range, ['If-Range', ifRange]], expect);

const holds = (name: string, ifRange: string): Case => under(name, ifRange, some);
const fails = (name: string, ifRange: string): Case => under(name, ifRange, all);

/** Another Range, under an If-Range that holds or not. */
const asked = (name: string, ifRange: string, value: string, expect: Expect): Case =>
  digits(
    `If-Range: ${name}`,
    '§13.1.5',
    [
      ['Range', value],
      ['If-Range', ifRange],
    ],
    expect,
  );

const lines = (name: string, rule: string, headers: readonly HeaderLine[], expect: Expect): Case =>
  digits(`If-Range: ${name}`, rule, headers, expect);

export const ifRangeCases: readonly Case[] = [
  holds('the current tag', '{etag}'),
  holds('the current tag with white space around it', ' \t{etag} \t'),
  fails('another tag', '"other"'),
  fails('a longer tag that begins with the current one', '"{opaque}x"'),
  fails('a longer tag that ends with the current one', '"x{opaque}"'),
  fails('the empty tag', '""'),
  fails('the current tag made weak', '{weak-etag}'),
  fails('another weak tag', 'W/"other"'),
  fails('the current tag without quotes', '{opaque}'),
  fails('the current tag without its last quote', '"{opaque}'),
  fails('the current tag without its first quote', '{opaque}"'),
  fails('the current tag in single quotes', "'{opaque}'"),
  fails('the current tag with a lower-case w/', 'w/{etag}'),
  fails('the current tag and junk', '{etag}x'),
  fails('an asterisk, which is no tag', '*'),
  fails('a list with the current tag first', '{etag}, "other"'),
  fails('a list with the current tag last', '"other", {etag}'),
  fails('the current tag twice', '{etag}, {etag}'),
  fails('an empty field', ''),
  lines('two lines with the current tag', '§5.3', [range, ['If-Range', '{etag}'], ['If-Range', '{etag}']], all),
  lines('two lines, the second another tag', '§5.3', [range, ['If-Range', '{etag}'], ['If-Range', '"other"']], all),

  holds('the current date', '{date}'),
  holds('the current date in the form of RFC 850', '{date-rfc850}'),
  holds('the current date in the form of asctime', '{date-asctime}'),
  fails('a date one second later is no match', '{date+1}'),
  fails('a date one second earlier', '{date-1}'),
  fails('a date long ago', 'Sun, 06 Nov 1994 08:49:37 GMT'),
  fails('a date to come', 'Fri, 31 Dec 2100 23:59:59 GMT'),
  fails('a date with junk', '{date} x'),
  fails('a quoted date, which is a tag', '"{date}"'),
  fails('the date twice', '{date}, {date}'),
  fails('a word that is neither', 'yesterday'),

  lines('holds without a Range: ignored', '§13.1.5', [['If-Range', '{etag}']], all),
  lines('fails without a Range: ignored', '§13.1.5', [['If-Range', '"other"']], all),
  lines('a date without a Range: ignored', '§13.1.5', [['If-Range', '{date-1}']], all),
  lines('before Range in the message', '§5.3', [['If-Range', '{etag}'], range], some),
  lines('its name in lower case', '§5.1', [range, ['if-range', '"other"']], all),

  asked('holds over an open range', '{etag}', 'bytes=4-', part('digits.txt', 4, 10)),
  asked('fails over an open range', '"other"', 'bytes=4-', all),
  asked('holds over a suffix', '{etag}', 'bytes=-3', part('digits.txt', 7, 10)),
  asked('fails over a suffix', '"other"', 'bytes=-3', all),
  asked('the date holds over an open range', '{date}', 'bytes=4-', part('digits.txt', 4, 10)),
  asked('the date fails over an open range', '{date-1}', 'bytes=4-', all),
  asked('holds over a range from 0', '{etag}', 'bytes=0-', part('digits.txt', 0, 10)),
  asked('holds over an unsatisfiable range', '{etag}', 'bytes=10-', unsatisfiable('digits.txt')),
  asked('fails over an unsatisfiable range: 200, never 416', '"other"', 'bytes=10-', all),
  asked('the date holds over an unsatisfiable range', '{date}', 'bytes=10-', unsatisfiable('digits.txt')),
  asked('the date fails over an unsatisfiable range', '{date+1}', 'bytes=10-', all),
  asked('holds over a suffix of no bytes', '{etag}', 'bytes=-0', unsatisfiable('digits.txt')),
  asked('holds over a malformed range', '{etag}', 'bytes=4-2', all),
  asked('fails over a malformed range', '"other"', 'bytes=4-2', all),
  asked('holds over an unknown unit', '{etag}', 'items=0-1', all),
  asked(
    'holds over several ranges',
    '{etag}',
    'bytes=0-1,5-6',
    multipart('digits.txt', [
      [0, 2],
      [5, 7],
    ]),
  ),
  asked(
    'the date holds over several ranges',
    '{date}',
    'bytes=0-1,5-6',
    multipart('digits.txt', [
      [0, 2],
      [5, 7],
    ]),
  ),
  asked('fails over several ranges', '"other"', 'bytes=0-1,5-6', all),
  asked('weak over several ranges', '{weak-etag}', 'bytes=0-1,5-6', all),
  asked('holds over overlapping ranges', '{etag}', 'bytes=0-4,2-6', all),
];
