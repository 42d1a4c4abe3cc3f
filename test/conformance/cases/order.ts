import type { Case, Expect, HeaderLine } from '../case.ts';
import { digits, notModified, part, preconditionFailed, unsatisfiable, whole } from '../expected.ts';

type Field = 'If-Match' | 'If-Unmodified-Since' | 'If-None-Match' | 'If-Modified-Since';

/** One precondition beside `Range: bytes=2-4`. */
const one = (name: string, field: Field, value: string, expect: Expect): Case =>
  digits(
    `one condition and Range: ${name}`,
    '§13.2.2',
    [
      [field, value],
      ['Range', 'bytes=2-4'],
    ],
    expect,
  );

/** The same with an If-Range. */
const both = (name: string, condition: HeaderLine, ifRange: string, expect: Expect, range = 'bytes=2-4'): Case =>
  digits(
    `one condition and If-Range: ${name}`,
    '§13.2.2',
    [condition, ['Range', range], ['If-Range', ifRange]],
    expect,
  );

/** A precondition beside a range that can't be satisfied. */
const beyond = (name: string, field: Field, value: string, expect: Expect): Case =>
  digits(
    `one condition and an unsatisfiable Range: ${name}`,
    '§14.2',
    [
      [field, value],
      ['Range', 'bytes=10-'],
    ],
    expect,
  );

const [all, some] = [whole('digits.txt'), part('digits.txt', 2, 5)];
const none416 = unsatisfiable('digits.txt');

export const orderCases: readonly Case[] = [
  one('If-Match true', 'If-Match', '{etag}', some),
  one('If-Match false', 'If-Match', '"other"', preconditionFailed),
  one('If-Match any', 'If-Match', '*', some),
  one('If-Unmodified-Since true', 'If-Unmodified-Since', '{date}', some),
  one('If-Unmodified-Since false', 'If-Unmodified-Since', '{date-1}', preconditionFailed),
  one('If-None-Match true', 'If-None-Match', '"other"', some),
  one('If-None-Match false', 'If-None-Match', '{etag}', notModified),
  one('If-Modified-Since true', 'If-Modified-Since', '{date-1}', some),
  one('If-Modified-Since false', 'If-Modified-Since', '{date}', notModified),

  both('If-Match true, If-Range true', ['If-Match', '{etag}'], '{etag}', some),
  both('If-Match true, If-Range false', ['If-Match', '{etag}'], '"other"', all),
  both('If-Match false, If-Range true', ['If-Match', '"other"'], '{etag}', preconditionFailed),
  both('If-Match false, If-Range false', ['If-Match', '"other"'], '"other"', preconditionFailed),
  both('If-Unmodified-Since true, If-Range true', ['If-Unmodified-Since', '{date}'], '{etag}', some),
  both('If-Unmodified-Since true, If-Range false', ['If-Unmodified-Since', '{date}'], '{date-1}', all),
  both('If-Unmodified-Since false, If-Range true', ['If-Unmodified-Since', '{date-1}'], '{date}', preconditionFailed),
  both('If-None-Match true, If-Range true', ['If-None-Match', '"other"'], '{etag}', some),
  both('If-None-Match true, If-Range false', ['If-None-Match', '"other"'], '"other"', all),
  both('If-None-Match false, If-Range true', ['If-None-Match', '{etag}'], '{etag}', notModified),
  both('If-None-Match false, If-Range false', ['If-None-Match', '{etag}'], '"other"', notModified),
  both('If-Modified-Since true, If-Range true', ['If-Modified-Since', '{date-1}'], '{date}', some),
  both('If-Modified-Since true, If-Range false', ['If-Modified-Since', '{date-1}'], '{date+1}', all),
  both('If-Modified-Since false, If-Range true', ['If-Modified-Since', '{date}'], '{date}', notModified),
  both(
    'If-None-Match false, If-Range true, unsatisfiable',
    ['If-None-Match', '{etag}'],
    '{etag}',
    notModified,
    'bytes=10-',
  ),
  both(
    'If-Match false, If-Range true, unsatisfiable',
    ['If-Match', '"other"'],
    '{etag}',
    preconditionFailed,
    'bytes=10-',
  ),
  both('If-Match true, If-Range false, unsatisfiable', ['If-Match', '{etag}'], '"other"', all, 'bytes=10-'),
  both('If-Match true, If-Range true, unsatisfiable', ['If-Match', '{etag}'], '{etag}', none416, 'bytes=10-'),

  beyond('If-Match true: 416', 'If-Match', '{etag}', none416),
  beyond('If-Match false: 412', 'If-Match', '"other"', preconditionFailed),
  beyond('If-Unmodified-Since true: 416', 'If-Unmodified-Since', '{date}', none416),
  beyond('If-Unmodified-Since false: 412', 'If-Unmodified-Since', '{date-1}', preconditionFailed),
  beyond('If-None-Match true: 416', 'If-None-Match', '"other"', none416),
  beyond('If-None-Match false: 304', 'If-None-Match', '{etag}', notModified),
  beyond('If-Modified-Since true: 416', 'If-Modified-Since', '{date-1}', none416),
  beyond('If-Modified-Since false: 304', 'If-Modified-Since', '{date}', notModified),

  digits(
    "Firefox's resumption: Range, If-Match and If-Unmodified-Since",
    '§13.2.2',
    [
      ['Range', 'bytes=4-'],
      ['If-Match', '{etag}'],
      ['If-Unmodified-Since', '{date}'],
    ],
    part('digits.txt', 4, 10),
  ),
  digits(
    "Firefox's resumption of a changed object",
    '§13.2.2',
    [
      ['Range', 'bytes=4-'],
      ['If-Match', '"other"'],
      ['If-Unmodified-Since', '{date-1}'],
    ],
    preconditionFailed,
  ),
  digits(
    'a malformed If-None-Match still sets If-Modified-Since aside',
    '§13.1.3',
    [
      ['If-None-Match', 'other'],
      ['If-Modified-Since', '{date}'],
    ],
    all,
  ),
  digits(
    'an empty If-None-Match still sets If-Modified-Since aside',
    '§13.1.3',
    [
      ['If-None-Match', ''],
      ['If-Modified-Since', '{date}'],
    ],
    all,
  ),
  digits(
    'an invalid If-Modified-Since beside a matching If-None-Match',
    '§13.1.3',
    [
      ['If-None-Match', '{etag}'],
      ['If-Modified-Since', 'never'],
    ],
    notModified,
  ),
  digits(
    'an invalid If-Unmodified-Since beside a true If-Match',
    '§13.1.4',
    [
      ['If-Match', '{etag}'],
      ['If-Unmodified-Since', 'yesterday'],
    ],
    all,
  ),
  digits(
    'a precondition beside several ranges: 304 first',
    '§14.2',
    [
      ['If-None-Match', '{etag}'],
      ['Range', 'bytes=0-1,5-6'],
    ],
    notModified,
  ),
  digits(
    'a precondition beside several ranges: 412 first',
    '§14.2',
    [
      ['If-Match', '"other"'],
      ['Range', 'bytes=0-1,5-6'],
    ],
    preconditionFailed,
  ),
  digits(
    'a precondition beside a malformed range: 304 all the same',
    '§14.2',
    [
      ['If-None-Match', '{etag}'],
      ['Range', 'bytes=5-2'],
    ],
    notModified,
  ),
];
