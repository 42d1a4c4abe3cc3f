import type { Case, Expect, HeaderLine, Span } from '../case.ts';
import { digits, multipart, notModified, part, preconditionFailed, unsatisfiable, whole } from '../expected.ts';

/** A request that must cost no more than a plain one. */
const heavy = (name: string, rule: string, target: string, headers: readonly HeaderLine[], expect: Expect): Case => ({
  name,
  rule,
  target,
  headers,
  expect,
});

/**
 * For heads above 16 KB: there HTTP servers have limits of their own.
 */
const oversized = (...given: Parameters<typeof heavy>): Case => ({
  ...heavy(...given),
  refusedByParser: [400, 431],
});

const comb = (count: number, step: number, length: number): readonly Span[] =>
  Array.from({ length: count }, (_, index) => [index * step, index * step + length] as const);

/** The set that asks for these spans, each number written with at least `width` digits. */
const asking = (spans: readonly Span[], width = 1): string => {
  const number = (value: number): string => String(value).padStart(width, '0');
  return `bytes=${spans.map(([start, end]) => `${number(start)}-${number(end - 1)}`).join(',')}`;
};

const [all, kilo, mega] = [whole('digits.txt'), whole('kilo.bin'), whole('mega.bin')];
const two = multipart('digits.txt', [
  [0, 2],
  [5, 7],
]);

const ranged = (name: string, rule: string, range: string, expect: Expect): Case =>
  digits(name, rule, [['Range', range]], expect);

export const abuseCases: readonly Case[] = [
  heavy(
    '1,000 ranges of a byte are served',
    '§17.15',
    '/large.bin',
    [['Range', asking(comb(1_000, 2, 1))]],
    multipart('large.bin', comb(1_000, 2, 1)),
  ),
  heavy('1,001 ranges are not', '§17.15', '/large.bin', [['Range', asking(comb(1_001, 2, 1))]], whole('large.bin')),
  heavy(
    '1,001 ranges, all but one past the end',
    '§17.15',
    '/kilo.bin',
    [['Range', `bytes=0-0${',9999-'.repeat(1_000)}`]],
    kilo,
  ),
  heavy(
    '2,000 unsatisfiable ranges: too many to judge',
    '§17.15',
    '/kilo.bin',
    [['Range', `bytes=9999-${',9999-'.repeat(1_999)}`]],
    kilo,
  ),
  oversized(
    '1,000 ranges in a field of under 32 KB',
    '§17.15',
    '/large.bin',
    [['Range', asking(comb(1_000, 1_000, 100), 14)]],
    multipart('large.bin', comb(1_000, 1_000, 100)),
  ),
  oversized('a field of over 32 KB', '§17.15', '/mega.bin', [['Range', asking(comb(900, 1_000, 100), 19)]], mega),
  oversized('a field of over 50 KB', '§17.15', '/mega.bin', [['Range', asking(comb(900, 1_000, 100), 28)]], mega),
  oversized(
    'one range in a field of over 32 KB',
    '§17.15',
    '/kilo.bin',
    [['Range', `bytes=${'0'.repeat(40_000)}-5`]],
    kilo,
  ),

  heavy(
    'the Apache killer',
    '§17.15',
    '/kilo.bin',
    [['Range', `bytes=0-${Array.from({ length: 900 }, (_, last) => `,5-${String(last + 5)}`).join('')}`]],
    kilo,
  ),
  heavy('the whole object 500 times', '§17.15', '/mega.bin', [['Range', `bytes=0-${',0-'.repeat(499)}`]], mega),
  heavy('overlapping suffixes', '§17.15', '/kilo.bin', [['Range', 'bytes=-1,-2,-3,-4,-5,-6,-7,-8']], kilo),
  heavy(
    'part heads larger than the object, but small',
    '§17.15',
    '/kilo.bin',
    [['Range', asking(comb(100, 10, 1))]],
    multipart('kilo.bin', comb(100, 10, 1)),
  ),
  heavy(
    'part heads of just under 64 KiB',
    '§17.15',
    '/kilo.bin',
    [['Range', asking(comb(534, 1, 1))]],
    multipart('kilo.bin', comb(534, 1, 1)),
  ),
  heavy('part heads of just over 64 KiB', '§17.15', '/kilo.bin', [['Range', asking(comb(535, 1, 1))]], kilo),
  heavy('each byte of a KiB a part', '§17.15', '/kilo.bin', [['Range', asking(comb(1_000, 1, 1))]], kilo),
  heavy(
    'part heads of over 64 KiB, and of a tenth of the object',
    '§17.15',
    '/mega.bin',
    [['Range', asking(comb(1_000, 2, 1))]],
    mega,
  ),

  ranged('a last position of 10,000 digits', '§14.1.2', `bytes=2-${'9'.repeat(10_000)}`, part('digits.txt', 2, 10)),
  ranged('a first position of 10,000 digits', '§14.1.2', `bytes=${'9'.repeat(10_000)}-`, unsatisfiable('digits.txt')),
  ranged('a suffix of 10,000 digits', '§14.1.2', `bytes=-${'9'.repeat(10_000)}`, part('digits.txt', 0, 10)),
  ranged('10,000 leading zeros', '§14.1.2', `bytes=${'0'.repeat(10_000)}2-4`, part('digits.txt', 2, 5)),
  ranged('a suffix of 10,000 zeros', '§14.1.2', `bytes=-${'0'.repeat(10_000)}`, unsatisfiable('digits.txt')),
  ranged('ten empty elements', '§5.6.1.2', 'bytes=0-1,,,,,,,,,,,5-6', two),
  ranged('8,000 spaces around a comma', '§5.6.3', `bytes=0-1${' '.repeat(4_000)},${' '.repeat(4_000)}5-6`, two),
  ranged('8,000 spaces before junk', '§5.6.3', `bytes=0-1${' '.repeat(8_000)}x`, all),
  ranged('8,000 hyphens', '§14.1.1', `bytes=${'-'.repeat(8_000)}`, all),
  ranged('8,000 letters', '§14.1.1', 'b'.repeat(8_000), all),
  // §5.6.1.2 asks for a reasonable number of empty elements only.
  ranged('8,000 empty elements', '§5.6.1.2', `bytes=0-1${','.repeat(8_000)}`, {
    status: [200, 206],
  }),

  digits(
    'the current tag after 1,000 others',
    '§13.1.2',
    [['If-None-Match', `${'"other", '.repeat(1_000)}{etag}`]],
    notModified,
  ),
  digits('1,000 tags, none of them current', '§13.1.1', [['If-Match', '"other", '.repeat(1_000)]], preconditionFailed),
  digits('8,000 quotation marks', '§8.8.3', [['If-None-Match', `${'"'.repeat(8_000)}x`]], all),
  digits(
    '8,000 quotation marks that pair off without commas',
    '§8.8.3',
    [['If-Match', '"'.repeat(8_000)]],
    preconditionFailed,
  ),
  digits('a tag of 8,000 bytes', '§8.8.3', [['If-None-Match', `"${'x'.repeat(8_000)}"`]], all),
  digits('a tag of 8,000 bytes without an end', '§8.8.3', [['If-None-Match', `"${'x'.repeat(8_000)}`]], all),
  digits('4,000 weak prefixes', '§8.8.3', [['If-Match', 'W/'.repeat(4_000)]], preconditionFailed),
  digits(
    '8,000 spaces in a list of tags',
    '§5.6.3',
    [['If-None-Match', `"a"${' '.repeat(8_000)}, {etag}`]],
    notModified,
  ),
  digits('a date of 8,000 bytes', '§5.6.7', [['If-Modified-Since', 'Sun, '.repeat(1_600)]], all),
  digits(
    'an If-Range of 8,000 bytes',
    '§13.1.5',
    [
      ['Range', 'bytes=0-1'],
      ['If-Range', `"${'x'.repeat(8_000)}"`],
    ],
    all,
  ),
  digits(
    '50 lines of If-None-Match, the last current',
    '§5.3',
    [...Array.from({ length: 50 }, (): HeaderLine => ['If-None-Match', '"other"']), ['If-None-Match', '{etag}']],
    notModified,
  ),
  digits(
    '50 lines of Range that each name the unit',
    '§5.3',
    Array.from({ length: 50 }, (): HeaderLine => ['Range', 'bytes=0-1']),
    all,
  ),
];
