import type { Case, Expect, HeaderLine } from '../case.ts';
import { notModified, part, preconditionFailed, silently, whole, wholeHead } from '../expected.ts';

/** The four preconditions of a request: absent, or sent so that the condition is true or false. */
type Row = {
  /** If-Match. */
  readonly match?: boolean;
  /** If-Unmodified-Since. */
  readonly unmodified?: boolean;
  /** If-None-Match: false is a tag that matches. */
  readonly none?: boolean;
  /** If-Modified-Since: false is a date not earlier. */
  readonly modified?: boolean;
  /** The result by §13.2.2. */
  readonly gives: 200 | 304 | 412;
};

/** Written out, not computed: an oracle that shares an algorithm shares its mistakes. */
const rows: readonly Row[] = [
  { match: true, unmodified: true, gives: 200 },
  { match: true, unmodified: false, gives: 200 },
  { match: false, unmodified: true, gives: 412 },
  { match: false, unmodified: false, gives: 412 },
  { match: true, none: true, gives: 200 },
  { match: true, none: false, gives: 304 },
  { match: false, none: true, gives: 412 },
  { match: false, none: false, gives: 412 },
  { match: true, modified: true, gives: 200 },
  { match: true, modified: false, gives: 304 },
  { match: false, modified: true, gives: 412 },
  { match: false, modified: false, gives: 412 },
  { unmodified: true, none: true, gives: 200 },
  { unmodified: true, none: false, gives: 304 },
  { unmodified: false, none: true, gives: 412 },
  { unmodified: false, none: false, gives: 412 },
  { unmodified: true, modified: true, gives: 200 },
  { unmodified: true, modified: false, gives: 304 },
  { unmodified: false, modified: true, gives: 412 },
  { unmodified: false, modified: false, gives: 412 },
  { none: true, modified: true, gives: 200 },
  { none: true, modified: false, gives: 200 },
  { none: false, modified: true, gives: 304 },
  { none: false, modified: false, gives: 304 },
];

/** Three and four at once: every step of §13.2.2 decides somewhere. */
const crowded: readonly Row[] = [
  { match: true, unmodified: true, none: true, modified: true, gives: 200 },
  { match: true, unmodified: true, none: true, modified: false, gives: 200 },
  { match: true, unmodified: true, none: false, modified: true, gives: 304 },
  { match: true, unmodified: true, none: false, modified: false, gives: 304 },
  { match: true, unmodified: false, none: true, modified: true, gives: 200 },
  { match: true, unmodified: false, none: true, modified: false, gives: 200 },
  { match: true, unmodified: false, none: false, modified: true, gives: 304 },
  { match: true, unmodified: false, none: false, modified: false, gives: 304 },
  { match: false, unmodified: true, none: true, modified: true, gives: 412 },
  { match: false, unmodified: true, none: false, modified: false, gives: 412 },
  { match: true, unmodified: false, modified: false, gives: 304 },
  { match: true, unmodified: false, modified: true, gives: 200 },
  { unmodified: true, none: true, modified: false, gives: 200 },
  { unmodified: true, none: false, modified: true, gives: 304 },
  { unmodified: false, none: false, modified: false, gives: 412 },
];

const linesOf = ({ match, unmodified, none, modified }: Row): readonly HeaderLine[] => {
  const lines: HeaderLine[] = [];
  if (match !== undefined) lines.push(['If-Match', match ? '{etag}' : '"other"']);
  if (unmodified !== undefined) {
    lines.push(['If-Unmodified-Since', unmodified ? '{date}' : '{date-1}']);
  }
  if (none !== undefined) lines.push(['If-None-Match', none ? '"other"' : '{etag}']);
  if (modified !== undefined) lines.push(['If-Modified-Since', modified ? '{date-1}' : '{date}']);
  return lines;
};

const nameOf = ({ match, unmodified, none, modified }: Row): string =>
  [
    ['If-Match', match] as const,
    ['If-Unmodified-Since', unmodified] as const,
    ['If-None-Match', none] as const,
    ['If-Modified-Since', modified] as const,
  ]
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${String(value)}`]))
    .join(', ');

const answer = (gives: Row['gives'], passed: Expect): Expect =>
  ({ 200: passed, 304: notModified, 412: preconditionFailed })[gives];

const range: HeaderLine = ['Range', 'bytes=2-4'];
const [all, some] = [whole('digits.txt'), part('digits.txt', 2, 5)];

const pair = (row: Row, more: string, headers: readonly HeaderLine[], passed: Expect): Case => ({
  name: `${nameOf(row)}${more}`,
  rule: '§13.2.2',
  target: '/digits.txt',
  headers: [...linesOf(row), ...headers],
  expect: answer(row.gives, passed),
});

const plain = (row: Row): Case => pair(row, '', [], all);
const ranged = (row: Row): Case => pair(row, ', Range', [range], some);
const current = (row: Row): Case => pair(row, ', Range, If-Range true', [range, ['If-Range', '{etag}']], some);
const stale = (row: Row): Case => pair(row, ', Range, If-Range false', [range, ['If-Range', '"other"']], all);

const head = (row: Row): Case => ({
  ...pair(row, ', HEAD', [], wholeHead('digits.txt')),
  method: 'HEAD',
  expect: row.gives === 412 ? silently(412) : answer(row.gives, wholeHead('digits.txt')),
});

/** In reverse and before the others: the order of lines in a message means nothing (§5.3). */
const reversed = (row: Row): Case => {
  const forward = ranged(row);
  return {
    ...forward,
    name: `${forward.name}, lines reversed`,
    headers: (forward.headers ?? []).toReversed(),
  };
};

export const preconditionPairCases: readonly Case[] = [
  ...rows.map(plain),
  ...rows.map(ranged),
  ...rows.map(head),
  ...crowded.map(ranged),
  ...crowded.slice(0, 8).map(current),
  ...crowded.slice(0, 8).map(stale),
  ...crowded.slice(-4).map(reversed),
];
