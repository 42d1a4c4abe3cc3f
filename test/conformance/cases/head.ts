import type { Case, Expect, HeaderLine } from '../case.ts';
import { notModified, silently, wholeHead } from '../expected.ts';

const head = (
  name: string,
  rule: string,
  headers: readonly HeaderLine[],
  expect: Expect,
  target = '/digits.txt',
): Case => ({ name: `HEAD: ${name}`, rule, method: 'HEAD', target, headers, expect });

const all = wholeHead('digits.txt');

/** §14.2: Range is defined for GET alone; HEAD then tells of the whole object. */
const unranged = (name: string, range: string): Case => head(name, '§14.2', [['Range', range]], all);

const condition = (name: string, field: string, value: string, expect: Expect): Case =>
  head(name, '§13.2.1', [[field, value]], expect);

export const headCases: readonly Case[] = [
  head('of a text object', '§9.3.2', [], all),
  head('of a binary object', '§9.3.2', [], wholeHead('kilo.bin'), '/kilo.bin'),
  head('of a large object', '§9.3.2', [], wholeHead('mega.bin'), '/mega.bin'),
  head('of an empty object', '§9.3.2', [], wholeHead('empty.txt'), '/empty.txt'),
  head('of a page', '§9.3.2', [], wholeHead('site/index.html'), '/site/index.html'),
  head('with a query', '§9.3.2', [], all, '/digits.txt?v=1'),
  head('of a missing object', '§9.3.2', [], silently(404), '/missing.txt'),
  head('of a missing object under If-None-Match *', '§13.2.1', [['If-None-Match', '*']], silently(404), '/missing.txt'),
  head('of a missing object under If-Match', '§13.2.1', [['If-Match', '"x"']], silently(404), '/missing.txt'),
  head('of a bad path', '§9.3.2', [], silently(400), '/%zz'),

  unranged('ignores a closed range', 'bytes=2-4'),
  unranged('ignores an open range from 0', 'bytes=0-'),
  unranged('ignores a suffix', 'bytes=-3'),
  unranged('ignores several ranges', 'bytes=0-1,5-6'),
  unranged('ignores an unsatisfiable range', 'bytes=10-'),
  unranged('ignores a malformed range', 'bytes=5-2'),
  unranged('ignores an unknown unit', 'items=0-1'),
  head('ignores a range of an empty object', '§14.2', [['Range', 'bytes=0-0']], wholeHead('empty.txt'), '/empty.txt'),
  head(
    'ignores If-Range that holds',
    '§13.1.5',
    [
      ['Range', 'bytes=2-4'],
      ['If-Range', '{etag}'],
    ],
    all,
  ),
  head(
    'ignores If-Range that fails',
    '§13.1.5',
    [
      ['Range', 'bytes=2-4'],
      ['If-Range', '"other"'],
    ],
    all,
  ),

  condition('If-Match true', 'If-Match', '{etag}', all),
  condition('If-Match false', 'If-Match', '"other"', silently(412)),
  condition('If-Match weak', 'If-Match', '{weak-etag}', silently(412)),
  condition('If-None-Match true', 'If-None-Match', '"other"', all),
  condition('If-None-Match false', 'If-None-Match', '{etag}', notModified),
  condition('If-None-Match weak', 'If-None-Match', '{weak-etag}', notModified),
  condition('If-None-Match any', 'If-None-Match', '*', notModified),
  condition('If-Modified-Since true', 'If-Modified-Since', '{date-1}', all),
  condition('If-Modified-Since false', 'If-Modified-Since', '{date}', notModified),
  condition('If-Unmodified-Since true', 'If-Unmodified-Since', '{date}', all),
  condition('If-Unmodified-Since false', 'If-Unmodified-Since', '{date-1}', silently(412)),
  head(
    'If-None-Match false and a range: 304',
    '§13.2.2',
    [
      ['If-None-Match', '{etag}'],
      ['Range', 'bytes=2-4'],
    ],
    notModified,
  ),
  head(
    'If-Match false and an unsatisfiable range: 412',
    '§13.2.2',
    [
      ['If-Match', '"other"'],
      ['Range', 'bytes=10-'],
    ],
    silently(412),
  ),
];
