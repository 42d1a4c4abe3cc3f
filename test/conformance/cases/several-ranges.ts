import type { Case, Expect, Span } from '../case.ts';
import { digits, multipart, part, unsatisfiable, whole } from '../expected.ts';

const parts = (name: string, range: string, ...spans: readonly Span[]): Case =>
  digits(name, '§15.3.7.2', [['Range', range]], multipart('digits.txt', spans));

const set = (name: string, rule: string, range: string, expect: Expect): Case =>
  digits(name, rule, [['Range', range]], expect);

const kilo = (name: string, range: string, expect: Expect): Case => ({
  name,
  rule: '§15.3.7.2',
  target: '/kilo.bin',
  headers: [['Range', range]],
  expect,
});

const mega = (name: string, range: string, expect: Expect): Case => ({
  ...kilo(name, range, expect),
  target: '/mega.bin',
});

/** `count` spans of `length` bytes, one every `step` bytes. */
const comb = (count: number, step: number, length: number): readonly Span[] =>
  Array.from({ length: count }, (_, index) => [index * step, index * step + length] as const);

/** The set that asks for these spans. */
const asking = (spans: readonly Span[], separator = ','): string =>
  `bytes=${spans.map(([start, end]) => `${String(start)}-${String(end - 1)}`).join(separator)}`;

const whole10 = whole('digits.txt');
const half = 524_288;
const sixteenths = comb(16, 65_536, 65_536);

export const severalRangesCases: readonly Case[] = [
  parts('two ranges are two parts', 'bytes=0-1,5-6', [0, 2], [5, 7]),
  parts('three ranges, one of each form', 'bytes=0-0,-1,3-4', [0, 1], [9, 10], [3, 5]),
  parts('an open range and a closed one', 'bytes=0-1,7-', [0, 2], [7, 10]),
  parts('parts come in the order asked, not sorted', 'bytes=8-9,0-1', [8, 10], [0, 2]),
  parts('a suffix asked first comes first', 'bytes=-2,0-2', [8, 10], [0, 3]),
  parts('adjacent ranges are not joined', 'bytes=0-1,2-3', [0, 2], [2, 4]),
  parts('adjacent ranges in reverse are not joined', 'bytes=2-3,0-1', [2, 4], [0, 2]),
  parts('two ranges that make up the object', 'bytes=0-4,5-9', [0, 5], [5, 10]),
  parts('a clamped range beside another', 'bytes=0-0,8-99', [0, 1], [8, 10]),
  parts('numbers of any size clamp in a set', `bytes=0-0,8-${'9'.repeat(50)}`, [0, 1], [8, 10]),
  parts('every byte a part of its own', asking(comb(10, 1, 1)), ...comb(10, 1, 1)),
  digits(
    'the example of §14.1.2, with a space after the equals sign',
    '§14.1.2',
    [['Range', 'bytes= 0-2, 4-5, -3']],
    multipart('digits.txt', [
      [0, 3],
      [4, 6],
      [7, 10],
    ]),
  ),
  parts('a tab after the equals sign of a set', 'bytes=\t0-1,5-6', [0, 2], [5, 7]),
  parts('white space after the equals sign and an empty element', 'bytes= \t, 0-1,5-6', [0, 2], [5, 7]),
  parts('a space after the comma', 'bytes=0-1, 5-6', [0, 2], [5, 7]),
  parts('a space before the comma', 'bytes=0-1 ,5-6', [0, 2], [5, 7]),
  parts('tabs around the comma', 'bytes=0-1\t,\t5-6', [0, 2], [5, 7]),
  parts('much white space around the comma', 'bytes=0-1   \t ,  \t  5-6', [0, 2], [5, 7]),
  parts('an empty element between ranges', 'bytes=0-1,,5-6', [0, 2], [5, 7]),
  parts('empty elements with white space', 'bytes=0-1, , ,5-6', [0, 2], [5, 7]),
  parts('empty elements at both ends', 'bytes=,0-1,5-6,', [0, 2], [5, 7]),
  parts('the unit in capitals for a set', 'BYTES=0-1,5-6', [0, 2], [5, 7]),
  parts('an unsatisfiable range of three is dropped', 'bytes=0-1,50-60,5-6', [0, 2], [5, 7]),
  parts('a suffix of no bytes is dropped', 'bytes=-0,0-1,5-6', [0, 2], [5, 7]),
  parts('ranges that overlap only past the end', 'bytes=0-1,5-6,20-40,30-', [0, 2], [5, 7]),
  digits(
    'two Range lines that join into a valid set',
    '§5.3',
    [
      ['Range', 'bytes=0-1'],
      ['Range', '5-6'],
    ],
    multipart('digits.txt', [
      [0, 2],
      [5, 7],
    ]),
  ),
  digits(
    'two Range lines that each name the unit join into a malformed set',
    '§5.3',
    [
      ['Range', 'bytes=0-1'],
      ['Range', 'bytes=5-6'],
    ],
    whole10,
  ),

  set('one range and an empty element are one range', '§5.6.1.2', 'bytes=2-4,', part('digits.txt', 2, 5)),
  set('an empty element and one range are one range', '§5.6.1.2', 'bytes=,2-4', part('digits.txt', 2, 5)),
  set('of two ranges one satisfiable: not multipart', '§15.3.7.2', 'bytes=2-4,50-60', part('digits.txt', 2, 5)),
  set('of two ranges the second satisfiable', '§14.1.1', 'bytes=50-60,2-4', part('digits.txt', 2, 5)),
  set('of two ranges one a suffix of no bytes', '§14.1.1', 'bytes=-0,-1', part('digits.txt', 9, 10)),
  set('of four ranges one satisfiable', '§14.1.1', 'bytes=10-,20-,2-4,30-', part('digits.txt', 2, 5)),
  set('no range of two satisfiable', '§15.5.17', 'bytes=10-20,30-40', unsatisfiable('digits.txt')),
  set('past the end and no bytes', '§15.5.17', 'bytes=10-,-0', unsatisfiable('digits.txt')),
  set('the same unsatisfiable range twice', '§15.5.17', 'bytes=10-20,10-20', unsatisfiable('digits.txt')),

  set('overlapping ranges are not served', '§17.15', 'bytes=0-4,2-6', whole10),
  set('ranges that share one byte', '§17.15', 'bytes=0-4,4-6', whole10),
  set('ranges that share one byte, in reverse', '§17.15', 'bytes=4-6,0-4', whole10),
  set('the same range twice', '§17.15', 'bytes=2-4,2-4', whole10),
  set('the same suffix twice', '§17.15', 'bytes=-1,-1', whole10),
  set('a range inside another', '§17.15', 'bytes=0-9,3-4', whole10),
  set('a suffix that reaches into a range', '§17.15', 'bytes=0-5,-5', whole10),
  set('a suffix longer than the object and a range', '§17.15', 'bytes=0-0,-100', whole10),
  set('two open ranges', '§17.15', 'bytes=0-,5-', whole10),
  set('ranges that overlap once clamped', '§17.15', 'bytes=5-100,7-200', whole10),
  set('the first and last of three overlap', '§17.15', 'bytes=0-3,6-7,2-4', whole10),
  set('an overlap and an unsatisfiable range', '§17.15', 'bytes=0-4,2-6,50-60', whole10),

  kilo(
    'parts of binary bytes',
    'bytes=0-99,500-599,-24',
    multipart('kilo.bin', [
      [0, 100],
      [500, 600],
      [1000, 1024],
    ]),
  ),
  kilo(
    'a small object in two halves',
    'bytes=0-511,512-1023',
    multipart('kilo.bin', [
      [0, 512],
      [512, 1024],
    ]),
  ),
  kilo('the 20 ranges of a zsync request', asking(comb(20, 50, 1)), multipart('kilo.bin', comb(20, 50, 1))),
  mega(
    'a large object in two halves: longer than the object by their heads',
    'bytes=0-524287,524288-1048575',
    multipart('mega.bin', [
      [0, half],
      [half, 1_048_576],
    ]),
  ),
  mega(
    'two halves in reverse',
    'bytes=524288-1048575,0-524287',
    multipart('mega.bin', [
      [half, 1_048_576],
      [0, half],
    ]),
  ),
  mega(
    'all but a byte in two parts',
    'bytes=0-524287,524289-',
    multipart('mega.bin', [
      [0, half],
      [half + 1, 1_048_576],
    ]),
  ),
  mega(
    'a large object in 16 parts, the last one first',
    asking(sixteenths.toReversed()),
    multipart('mega.bin', sixteenths.toReversed()),
  ),
  mega(
    'parts far apart',
    'bytes=0-9,500000-500009,-10',
    multipart('mega.bin', [
      [0, 10],
      [500_000, 500_010],
      [1_048_566, 1_048_576],
    ]),
  ),
  mega(
    'parts one byte apart',
    'bytes=100-199,201-300',
    multipart('mega.bin', [
      [100, 200],
      [201, 301],
    ]),
  ),
  mega(
    'parts in falling order',
    'bytes=900000-900099,400000-400099,100-199',
    multipart('mega.bin', [
      [900_000, 900_100],
      [400_000, 400_100],
      [100, 200],
    ]),
  ),
  mega(
    'two large parts',
    `bytes=0-262143,${String(half)}-786431`,
    multipart('mega.bin', [
      [0, 262_144],
      [half, 786_432],
    ]),
  ),
  mega(
    'the 256 ranges of a zchunk request',
    asking(comb(256, 4_096, 300)),
    multipart('mega.bin', comb(256, 4_096, 300)),
  ),
  {
    ...mega(
      'the 1,000 ranges of an electron-updater request',
      asking(comb(1_000, 1_000, 100), ', '),
      multipart('large.bin', comb(1_000, 1_000, 100)),
    ),
    target: '/large.bin',
  },
];
