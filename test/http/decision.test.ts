import { describe, expect, test } from 'vitest';
import { decide, parseRequest, type Decision, type RangePolicy } from '../../src/http/decision.ts';
import type { Representation } from '../../src/http/representation.ts';

const NOW = Date.UTC(2026, 6, 1) / 1000;
const SAME = 'Sun, 06 Nov 1994 08:49:37 GMT';
const EARLIER = 'Sun, 06 Nov 1994 08:49:36 GMT';

const POLICY: RangePolicy = {
  maxFieldLength: 1000,
  maxRanges: 10,
  maxReads: 3,
  nearGap: 10,
  maxGapBytes: 100,
  headRange: false,
};
const OBJECT: Representation = {
  size: 10_000,
  etag: { weak: false, opaque: 'v1' },
  lastModified: new Date(SAME),
  isDateStrong: true,
  contentType: 'a/b',
};
const EMPTY: Representation = { ...OBJECT, size: 0 };

type Fields = Readonly<Record<string, string>>;
type Row = readonly [name: string, fields: Fields, expected: Decision];

function answer(fields: Fields, representation = OBJECT, policy = POLICY, method: 'GET' | 'HEAD' = 'GET'): Decision {
  return decide(parseRequest(method, new Headers(fields), policy, NOW), representation, policy);
}

function whole(size: number): Decision {
  return { status: 200, span: { start: 0, end: size } };
}

function single(start: number, end: number): Decision {
  return { status: 206, form: 'single', span: { start, end } };
}

const WHOLE = whole(10_000);

describe('one range', () => {
  const rows: readonly Row[] = [
    ['no Range', {}, WHOLE],
    ['within', { Range: 'bytes=5-9' }, single(5, 10)],
    ['of everything', { Range: 'bytes=0-' }, single(0, 10_000)],
    ['clamped', { Range: 'bytes=9990-20000' }, single(9990, 10_000)],
    ['a suffix', { Range: 'bytes=-5' }, single(9995, 10_000)],
    ['a suffix longer than the object', { Range: 'bytes=-10001' }, single(0, 10_000)],
    ['past the end', { Range: 'bytes=10000-' }, { status: 416 }],
    ['a suffix of nothing', { Range: 'bytes=-0' }, { status: 416 }],
    ['of several, the only one satisfiable', { Range: 'bytes=10000-,5-9,-0' }, single(5, 10)],
    ['several, none satisfiable', { Range: 'bytes=10000-,-0' }, { status: 416 }],
    ['malformed', { Range: 'bytes=9-5' }, WHOLE],
    ['unsatisfiable beside malformed', { Range: 'bytes=10000-,x' }, WHOLE],
    ['another unit', { Range: 'items=0-1' }, WHOLE],
    ['too long a field', { Range: `bytes=${'0'.repeat(1000)}-1` }, WHOLE],
    ['too many members', { Range: `bytes=${'0-0,'.repeat(11)}` }, WHOLE],
  ];
  test.each(rows)('%s', (_name, fields, expected) => {
    expect(answer(fields)).toEqual(expected);
  });
});

describe('an empty object', () => {
  const rows: readonly Row[] = [
    ['no Range', {}, whole(0)],
    ['a first byte', { Range: 'bytes=0-0' }, { status: 416 }],
    ['an open end', { Range: 'bytes=0-' }, { status: 416 }],
    ['a suffix of nothing', { Range: 'bytes=-0' }, { status: 416 }],
    ['a suffix', { Range: 'bytes=-5' }, whole(0)],
    ['a suffix beside others', { Range: 'bytes=0-0,-5' }, whole(0)],
    ['several without a suffix', { Range: 'bytes=0-0,5-9' }, { status: 416 }],
    ['If-Range that does not match', { Range: 'bytes=0-0', 'If-Range': '"v2"' }, whole(0)],
  ];
  test.each(rows)('%s', (_name, fields, expected) => {
    expect(answer(fields, EMPTY)).toEqual(expected);
  });
});

describe('preconditions come first', () => {
  const rows: readonly Row[] = [
    ['412 before a range', { 'If-Match': '"v2"', Range: 'bytes=0-1' }, { status: 412 }],
    ['412 before 416', { 'If-Unmodified-Since': EARLIER, Range: 'bytes=10000-' }, { status: 412 }],
    ['304 before a range', { 'If-None-Match': '"v1"', Range: 'bytes=0-1' }, { status: 304 }],
    ['304 before 416', { 'If-Modified-Since': SAME, Range: 'bytes=10000-' }, { status: 304 }],
    ['304 before If-Range', { 'If-None-Match': '"v1"', 'If-Range': '"v1"', Range: 'bytes=0-1' }, { status: 304 }],
    [
      'holding ones leave the range',
      { 'If-Match': '"v1"', 'If-Modified-Since': EARLIER, Range: 'bytes=0-1' },
      single(0, 2),
    ],
  ];
  test.each(rows)('%s', (_name, fields, expected) => {
    expect(answer(fields)).toEqual(expected);
  });
});

describe('If-Range', () => {
  const rows: readonly Row[] = [
    ['the same tag', { Range: 'bytes=5-9', 'If-Range': '"v1"' }, single(5, 10)],
    ['another tag', { Range: 'bytes=5-9', 'If-Range': '"v2"' }, WHOLE],
    ['a weak tag', { Range: 'bytes=5-9', 'If-Range': 'W/"v1"' }, WHOLE],
    ['the same date', { Range: 'bytes=5-9', 'If-Range': SAME }, single(5, 10)],
    ['another date', { Range: 'bytes=5-9', 'If-Range': EARLIER }, WHOLE],
    ['malformed', { Range: 'bytes=5-9', 'If-Range': 'v1' }, WHOLE],
    ['empty', { Range: 'bytes=5-9', 'If-Range': '' }, WHOLE],
    ['false beside an unsatisfiable range', { Range: 'bytes=10000-', 'If-Range': '"v2"' }, WHOLE],
    ['true beside an unsatisfiable range', { Range: 'bytes=10000-', 'If-Range': '"v1"' }, { status: 416 }],
    ['without Range', { 'If-Range': '"v2"' }, WHOLE],
    ['true beside several', { Range: 'bytes=9-9,10000-', 'If-Range': '"v1"' }, single(9, 10)],
  ];
  test.each(rows)('%s', (_name, fields, expected) => {
    expect(answer(fields)).toEqual(expected);
  });
  test('a date is not strong during its own second', () => {
    const lastModified = new Date(NOW * 1000);
    const fields = { Range: 'bytes=5-9', 'If-Range': lastModified.toUTCString() };
    expect(answer(fields, { ...OBJECT, lastModified })).toEqual(WHOLE);
  });
});

describe('HEAD', () => {
  const headRange = { ...POLICY, headRange: true };
  test('ignores Range', () => {
    expect(answer({ Range: 'bytes=0-1' }, OBJECT, POLICY, 'HEAD')).toEqual(WHOLE);
  });
  test('ignores a Range that can not be satisfied', () => {
    expect(answer({ Range: 'bytes=10000-' }, OBJECT, POLICY, 'HEAD')).toEqual(WHOLE);
  });
  test('uses Range with headRange', () => {
    expect(answer({ Range: 'bytes=0-1' }, OBJECT, headRange, 'HEAD')).toEqual(single(0, 2));
  });
  test('uses If-Range with headRange', () => {
    expect(answer({ Range: 'bytes=0-1', 'If-Range': '"v2"' }, OBJECT, headRange, 'HEAD')).toEqual(WHOLE);
  });
  test.each([
    ['412', { 'If-Match': '"v2"' }, { status: 412 }],
    ['304', { 'If-None-Match': '"v1"' }, { status: 304 }],
  ] as const)('has preconditions: %s', (_name, fields, expected) => {
    expect(answer(fields, OBJECT, POLICY, 'HEAD')).toEqual(expected);
  });
});

describe('several ranges', () => {
  function reads(decision: Decision): readonly (readonly (readonly [number, number])[])[] | number {
    if (decision.status !== 206 || decision.form !== 'multipart') return decision.status;
    return decision.reads.map(({ parts }) => parts.map(({ start, end }) => [start, end] as const));
  }
  const weak = { ...OBJECT, etag: { weak: true, opaque: 'v1' } };
  const tagless = { ...OBJECT, etag: undefined };
  const small = { ...OBJECT, size: 4000 };
  /** `count` parts: bytes 100-109, 120-129 and so on. */
  const parts = (count: number) => Array.from({ length: count }, (_, i) => [100 + 20 * i, 110 + 20 * i] as const);
  const asked = (count: number) =>
    parts(count)
      .map(([start, end]) => `${start}-${end - 1}`)
      .join(',');
  /** An object of 100,000 to 999,999 bytes with a type so long that the parts' heads and the tail have `overhead` bytes. */
  const typed = (count: number, overhead: number): Representation => {
    // A head: CRLF, delimiter, CRLF; 16 bytes beside the type; 37 of Content-Range; CRLF. Then the tail.
    const type = (overhead - 48) / count - (44 + 2 + 16 + 37 + 2);
    return { ...OBJECT, size: 100_000, contentType: `a/${'b'.repeat(type - 2)}` };
  };
  type Several = readonly [
    name: string,
    range: string,
    representation: Representation,
    expected: ReturnType<typeof reads>,
  ];
  const rows: readonly Several[] = [
    ['are parts in the order asked', '50-59,0-9', OBJECT, [[[50, 60]], [[0, 10]]]],
    [
      'share a read where they are near',
      '0-9,15-19',
      OBJECT,
      [
        [
          [0, 10],
          [15, 20],
        ],
      ],
    ],
    [
      'touching are two parts',
      '0-9,10-19',
      OBJECT,
      [
        [
          [0, 10],
          [10, 20],
        ],
      ],
    ],
    [
      'without the unsatisfiable ones',
      '0-9,10000-,15-19',
      OBJECT,
      [
        [
          [0, 10],
          [15, 20],
        ],
      ],
    ],
    ['with a suffix', '0-9,-10', OBJECT, [[[0, 10]], [[9990, 10_000]]]],
    ['that overlap are ignored', '0-9,9-19', OBJECT, 200],
    ['that are the same are ignored', '0-9,0-9', OBJECT, 200],
    ['that overlap by clamping are ignored', '9000-,-10', OBJECT, 200],
    ['that need too many reads are ignored', '90-90,60-60,30-30,0-0', OBJECT, 200],
    ['in as many reads as may be', '60-60,30-30,0-0', OBJECT, [[[60, 61]], [[30, 31]], [[0, 1]]]],
    ['joined by too many bytes are ignored', '0-0,500-500,1000-1000,1500-1500', OBJECT, 200],
    [
      'joined by just as many bytes as may be',
      '0-0,101-101,1000-1000,1500-1500',
      OBJECT,
      [
        [
          [0, 1],
          [101, 102],
        ],
        [[1000, 1001]],
        [[1500, 1501]],
      ],
    ],
    [
      'in one read need no strong tag: weak',
      '0-9,15-19',
      weak,
      [
        [
          [0, 10],
          [15, 20],
        ],
      ],
    ],
    [
      'in one read need no strong tag: none',
      '0-9,15-19',
      tagless,
      [
        [
          [0, 10],
          [15, 20],
        ],
      ],
    ],
    ['in two reads need a strong tag: weak', '0-9,50-59', weak, 200],
    ['in two reads need a strong tag: none', '0-9,50-59', tagless, 200],
    [
      'of all bytes of a small object, which their heads make longer',
      '0-1999,2000-3999',
      small,
      [
        [
          [0, 2000],
          [2000, 4000],
        ],
      ],
    ],
    ['with heads and tail of 64 KiB', asked(8), typed(8, 64 * 1024), [parts(8)]],
    ['with heads and tail of eight bytes more', asked(8), typed(8, 64 * 1024 + 8), 200],
    ['with heads and tail of a tenth of the object', asked(10), { ...typed(10, 80_048), size: 800_480 }, [parts(10)]],
    ['with heads and tail of more than a tenth', asked(10), { ...typed(10, 80_048), size: 800_470 }, 200],
  ];
  test.each(rows)('%s', (_name, range, representation, expected) => {
    expect(reads(answer({ Range: `bytes=${range}` }, representation))).toEqual(expected);
  });
  test('are ignored if the response would be longer than 2^53 - 1 bytes', () => {
    const huge = { ...OBJECT, size: Number.MAX_SAFE_INTEGER };
    expect(reads(answer({ Range: 'bytes=0-9,15-' }, huge))).toBe(200);
    expect(reads(answer({ Range: 'bytes=0-9,1000-' }, huge))).not.toBe(200);
  });
  test('count the media type that replaces an invalid one', () => {
    const broken = { ...OBJECT, contentType: `a/b\n${'x'.repeat(50_000)}` };
    expect(reads(answer({ Range: 'bytes=0-9,15-19' }, broken))).toEqual([
      [
        [0, 10],
        [15, 20],
      ],
    ]);
  });
});
