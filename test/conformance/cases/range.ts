import type { Case } from '../case.ts';
import { digits, part, unsatisfiable, whole } from '../expected.ts';

/** One range of digits.txt that is answered with those bytes, half-open. */
const served = (name: string, range: string, start: number, end: number): Case =>
  digits(name, '§14.1.2', [['Range', range]], part('digits.txt', start, end));

/** One range that no byte of digits.txt satisfies. */
const beyond = (name: string, range: string): Case =>
  digits(name, '§15.5.17', [['Range', range]], unsatisfiable('digits.txt'));

const kilo = (name: string, range: string, start: number, end: number): Case => ({
  name,
  rule: '§14.1.2',
  target: '/kilo.bin',
  headers: [['Range', range]],
  expect: part('kilo.bin', start, end),
});

const mega = (name: string, range: string, start: number, end: number): Case => ({
  name,
  rule: '§14.1.2',
  target: '/mega.bin',
  headers: [['Range', range]],
  expect: part('mega.bin', start, end),
});

export const rangeCases: readonly Case[] = [
  digits('no Range: the whole object', '§15.3.1', [], whole('digits.txt')),
  served('the first byte alone', 'bytes=0-0', 0, 1),
  served('the probe of two bytes that video players send', 'bytes=0-1', 0, 2),
  served('both positions are inclusive', 'bytes=2-4', 2, 5),
  served('the last byte by its position', 'bytes=9-9', 9, 10),
  served('all bytes by both positions', 'bytes=0-9', 0, 10),
  served('all bytes from 0: a 206 all the same', 'bytes=0-', 0, 10),
  served('an open range to the end', 'bytes=4-', 4, 10),
  served('the last byte by an open range', 'bytes=9-', 9, 10),
  served('a last position at the size is clamped', 'bytes=5-10', 5, 10),
  served('a last position far past the end is clamped', 'bytes=5-999999', 5, 10),
  served('the last byte by a suffix', 'bytes=-1', 9, 10),
  served('a suffix of several bytes', 'bytes=-3', 7, 10),
  served('a suffix as long as the object', 'bytes=-10', 0, 10),
  served('a suffix one byte longer than the object is all of it', 'bytes=-11', 0, 10),
  served('a suffix far longer than the object is all of it', 'bytes=-1000000', 0, 10),

  served('a space after the equals sign', 'bytes= 0-9', 0, 10),
  served('a tab after the equals sign', 'bytes=\t2-4', 2, 5),
  served('much white space after the equals sign and at the end', 'bytes= \t  2-4 \t ', 2, 5),
  served('a space before a suffix', 'bytes= -3', 7, 10),
  beyond('a space before a position past the end', 'bytes= 10-'),

  served('leading zeros do not change a number', 'bytes=0002-00004', 2, 5),
  served('leading zeros are not octal', 'bytes=08-010', 8, 10),
  served('leading zeros in a suffix', 'bytes=-0003', 7, 10),
  served('40 leading zeros do not overflow', `bytes=${'0'.repeat(40)}1-3`, 1, 4),
  served('a last position of 2^31', 'bytes=1-2147483648', 1, 10),
  served('a last position of 2^53', 'bytes=1-9007199254740992', 1, 10),
  served('a last position of 2^63', 'bytes=1-9223372036854775808', 1, 10),
  served('a last position of 2^64 does not wrap to 0', 'bytes=1-18446744073709551616', 1, 10),
  served('a last position of 400 digits is not infinite', `bytes=1-${'9'.repeat(400)}`, 1, 10),
  served('a suffix of 2^63', 'bytes=-9223372036854775808', 0, 10),
  served('a suffix of 2^64 does not wrap to 0', 'bytes=-18446744073709551616', 0, 10),
  served('a suffix of 400 digits', `bytes=-${'9'.repeat(400)}`, 0, 10),

  beyond('a first position at the size', 'bytes=10-'),
  beyond('a closed range that begins at the size', 'bytes=10-10'),
  beyond('a closed range past the end', 'bytes=100-200'),
  beyond('a suffix of no bytes', 'bytes=-0'),
  beyond('a suffix of no bytes written long', 'bytes=-000'),
  beyond('a first position of 2^53', 'bytes=9007199254740992-'),
  beyond('neighbours above 2^53 in order', 'bytes=9007199254740992-9007199254740993'),
  beyond('a first position of 2^64 does not wrap to 0', 'bytes=18446744073709551616-'),
  beyond('positions above 2^64 do not wrap to 2-4', 'bytes=18446744073709551618-18446744073709551620'),
  beyond('a first position of 400 digits', `bytes=${'9'.repeat(400)}-`),

  digits('the unit in capitals', '§14.1', [['Range', 'BYTES=2-4']], part('digits.txt', 2, 5)),
  digits('the unit in mixed case', '§14.1', [['Range', 'bYtEs=2-4']], part('digits.txt', 2, 5)),
  digits('the field name in lower case', '§5.1', [['range', 'bytes=2-4']], part('digits.txt', 2, 5)),
  digits('the field name in capitals', '§5.1', [['RANGE', 'bytes=2-4']], part('digits.txt', 2, 5)),
  digits(
    'spaces around the field value are no part of it',
    '§5.5',
    [['Range', '   bytes=2-4   ']],
    part('digits.txt', 2, 5),
  ),
  digits(
    'tabs around the field value are no part of it',
    '§5.5',
    [['Range', '\t bytes=2-4 \t']],
    part('digits.txt', 2, 5),
  ),
  digits('an empty Range field is ignored', '§14.2', [['Range', '']], whole('digits.txt')),
  digits(
    'an Accept-Encoding does not change what offsets count',
    '§14.1.2',
    [
      ['Accept-Encoding', 'gzip, br'],
      ['Range', 'bytes=2-4'],
    ],
    { ...part('digits.txt', 2, 5), headers: { 'content-encoding': null, 'content-length': '3' } },
  ),

  kilo('the first 100 of 1,024 bytes', 'bytes=0-99', 0, 100),
  kilo('the last two of 1,024 bytes', 'bytes=1022-1023', 1022, 1024),
  kilo('binary bytes from the middle', 'bytes=500-599', 500, 600),
  mega('the header block that GDAL reads', 'bytes=0-16383', 0, 16_384),
  mega('the range of a second 512 KiB', 'bytes=524288-1048575', 524_288, 1_048_576),
  mega('a span across 64 KiB boundaries', 'bytes=65530-196613', 65_530, 196_614),
  mega('a whole MiB from 0', 'bytes=0-', 0, 1_048_576),
  mega('all but the first byte of a MiB', 'bytes=1-', 1, 1_048_576),
  mega('the tail that a video player reads', 'bytes=-65536', 983_040, 1_048_576),
];
