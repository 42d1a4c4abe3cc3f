import type { Case, Expect, HeaderLine } from '../case.ts';
import { notModified, preconditionFailed, unsatisfiable, whole } from '../expected.ts';

const empty = (name: string, rule: string, headers: readonly HeaderLine[], expect: Expect): Case => ({
  name: `empty object: ${name}`,
  rule,
  target: '/empty.txt',
  headers,
  expect,
});

const ranged = (name: string, range: string, expect: Expect, rule = '§14.1.2'): Case =>
  empty(name, rule, [['Range', range]], expect);

const all = whole('empty.txt');
const none = unsatisfiable('empty.txt');

export const emptyObjectCases: readonly Case[] = [
  empty('200 with a Content-Length of 0', '§8.6', [], all),
  ranged('has no first byte', 'bytes=0-0', none),
  ranged('has nothing from 0 on', 'bytes=0-', none),
  ranged('has no bytes 0-99', 'bytes=0-99', none),
  ranged('has nothing from 1 on', 'bytes=1-', none),
  ranged('a suffix of no bytes', 'bytes=-0', none),
  // No Content-Range could describe it: "bytes 0--1/0" is the mistake that others make here.
  ranged('a suffix is answered whole', 'bytes=-5', all, '§14.2'),
  ranged('a suffix of one byte is answered whole', 'bytes=-1', all, '§14.2'),
  ranged('a huge suffix is answered whole', `bytes=-${'9'.repeat(40)}`, all, '§14.2'),
  ranged('several ranges, none satisfiable', 'bytes=0-0,1-1', none),
  ranged('a malformed range', 'bytes=1-0', all, '§14.1.1'),
  ranged('an unknown unit', 'items=0-0', all, '§14.2'),
  empty(
    'If-Range true, an open range',
    '§13.1.5',
    [
      ['Range', 'bytes=0-'],
      ['If-Range', '{etag}'],
    ],
    none,
  ),
  empty(
    'If-Range false, an open range',
    '§13.1.5',
    [
      ['Range', 'bytes=0-'],
      ['If-Range', '"other"'],
    ],
    all,
  ),
  empty(
    'If-Range true, a suffix',
    '§13.1.5',
    [
      ['Range', 'bytes=-5'],
      ['If-Range', '{etag}'],
    ],
    all,
  ),
  empty('If-None-Match false', '§13.1.2', [['If-None-Match', '{etag}']], notModified),
  empty('If-None-Match true', '§13.1.2', [['If-None-Match', '"other"']], all),
  empty(
    'If-None-Match false, a range',
    '§13.2.2',
    [
      ['If-None-Match', '{etag}'],
      ['Range', 'bytes=0-'],
    ],
    notModified,
  ),
  empty('If-Match true', '§13.1.1', [['If-Match', '{etag}']], all),
  empty('If-Match false', '§13.1.1', [['If-Match', '"other"']], preconditionFailed),
  empty(
    'If-Match false, a range',
    '§13.2.2',
    [
      ['If-Match', '"other"'],
      ['Range', 'bytes=0-'],
    ],
    preconditionFailed,
  ),
  empty('If-Modified-Since false', '§13.1.3', [['If-Modified-Since', '{date}']], notModified),
  empty('If-Unmodified-Since false', '§13.1.4', [['If-Unmodified-Since', '{date-1}']], preconditionFailed),
];
