import { describe, expect, test } from 'vitest';
import type { Representation } from '../../src/http/representation.ts';
import {
  checkPreconditions,
  parsePreconditions,
  type PreconditionResult,
  type Preconditions,
} from '../../src/http/preconditions.ts';

const NOW = Date.UTC(2026, 6, 1) / 1000;
const DATE = 784_111_777;
const SAME = 'Sun, 06 Nov 1994 08:49:37 GMT';
const EARLIER = 'Sun, 06 Nov 1994 08:49:36 GMT';
const LATER = 'Sun, 06 Nov 1994 08:49:38 GMT';

type Lines = readonly (readonly [name: string, value: string])[];

function toHeaders(lines: Lines): Headers {
  const headers = new Headers();
  for (const [name, value] of lines) headers.append(name, value);
  return headers;
}

describe('parsePreconditions', () => {
  const rows: readonly (readonly [name: string, lines: Lines, expected: Preconditions])[] = [
    ['nothing', [], {}],
    ['a tag to match', [['If-Match', '"a"']], { ifMatch: [{ weak: false, opaque: 'a' }] }],
    ['any version to match', [['If-Match', '*']], { ifMatch: '*' }],
    ['a malformed If-Match, which can not hold', [['If-Match', 'a']], { ifMatch: [] }],
    ['an empty If-Match', [['If-Match', '']], { ifMatch: [] }],
    [
      'If-Match on two lines, one list',
      [
        ['If-Match', '"a"'],
        ['If-Match', 'W/"b"'],
      ],
      {
        ifMatch: [
          { weak: false, opaque: 'a' },
          { weak: true, opaque: 'b' },
        ],
      },
    ],
    ['a malformed If-None-Match, which matches nothing', [['If-None-Match', 'a']], { ifNoneMatch: [] }],
    ['any version not to match', [['If-None-Match', '*']], { ifNoneMatch: '*' }],
    [
      'If-None-Match on two lines, one list',
      [
        ['If-None-Match', '"a,"'],
        ['If-None-Match', '"b"'],
      ],
      {
        ifNoneMatch: [
          { weak: false, opaque: 'a,' },
          { weak: false, opaque: 'b' },
        ],
      },
    ],
    ['If-Modified-Since', [['If-Modified-Since', SAME]], { ifModifiedSince: DATE }],
    ['If-Unmodified-Since', [['If-Unmodified-Since', SAME]], { ifUnmodifiedSince: DATE }],
    [
      'a date that is none',
      [
        ['If-Modified-Since', 'x'],
        ['If-Unmodified-Since', 'x'],
      ],
      {},
    ],
    [
      'If-Modified-Since on two lines',
      [
        ['If-Modified-Since', SAME],
        ['If-Modified-Since', SAME],
      ],
      {},
    ],
    [
      'If-Unmodified-Since on two lines',
      [
        ['If-Unmodified-Since', SAME],
        ['If-Unmodified-Since', SAME],
      ],
      {},
    ],
    [
      'If-Unmodified-Since beside If-Match',
      [
        ['If-Match', '*'],
        ['If-Unmodified-Since', SAME],
      ],
      { ifMatch: '*' },
    ],
    [
      'If-Unmodified-Since beside a malformed If-Match',
      [
        ['If-Match', 'a'],
        ['If-Unmodified-Since', SAME],
      ],
      { ifMatch: [] },
    ],
    [
      'If-Modified-Since beside If-None-Match',
      [
        ['If-None-Match', '*'],
        ['If-Modified-Since', SAME],
      ],
      { ifNoneMatch: '*' },
    ],
    [
      'If-Modified-Since beside a malformed If-None-Match',
      [
        ['If-None-Match', 'a'],
        ['If-Modified-Since', SAME],
      ],
      { ifNoneMatch: [] },
    ],
    [
      'If-Modified-Since beside If-Match',
      [
        ['If-Match', '*'],
        ['If-Modified-Since', SAME],
      ],
      { ifMatch: '*', ifModifiedSince: DATE },
    ],
    [
      'If-Unmodified-Since beside If-None-Match',
      [
        ['If-None-Match', '*'],
        ['If-Unmodified-Since', SAME],
      ],
      { ifNoneMatch: '*', ifUnmodifiedSince: DATE },
    ],
  ];
  test.each(rows)('%s', (_name, lines, expected) => {
    expect(parsePreconditions(toHeaders(lines), NOW)).toEqual(expected);
  });
});

const STRONG = { size: 1, etag: { weak: false, opaque: 'v1' }, lastModified: new Date(DATE * 1000 + 500) };
const WEAK = { ...STRONG, etag: { weak: true, opaque: 'v1' } };
const BARE: Representation = { size: 10 };

function check(lines: Lines, representation: Parameters<typeof checkPreconditions>[1]): PreconditionResult {
  return checkPreconditions(parsePreconditions(toHeaders(lines), NOW), representation);
}

describe('one precondition alone', () => {
  const rows: readonly (readonly [
    field: string,
    value: string,
    strong: PreconditionResult,
    weak: PreconditionResult,
    bare: PreconditionResult,
  ])[] = [
    ['If-Match', '"v1"', 'proceed', 'modified', 'modified'],
    ['If-Match', 'W/"v1"', 'modified', 'modified', 'modified'],
    ['If-Match', '"v2"', 'modified', 'modified', 'modified'],
    ['If-Match', '"V1"', 'modified', 'modified', 'modified'],
    ['If-Match', '"v2", "v1"', 'proceed', 'modified', 'modified'],
    ['If-Match', '*', 'proceed', 'proceed', 'proceed'],
    ['If-Match', '"*"', 'modified', 'modified', 'modified'],
    ['If-Match', 'v1', 'modified', 'modified', 'modified'],
    ['If-Match', '', 'modified', 'modified', 'modified'],
    ['If-None-Match', '"v1"', 'unmodified', 'unmodified', 'proceed'],
    ['If-None-Match', 'W/"v1"', 'unmodified', 'unmodified', 'proceed'],
    ['If-None-Match', '"v2"', 'proceed', 'proceed', 'proceed'],
    ['If-None-Match', '"v2", W/"v1"', 'unmodified', 'unmodified', 'proceed'],
    ['If-None-Match', '*', 'unmodified', 'unmodified', 'unmodified'],
    ['If-None-Match', 'v1', 'proceed', 'proceed', 'proceed'],
    ['If-None-Match', '"v1', 'proceed', 'proceed', 'proceed'],
    ['If-None-Match', ',', 'proceed', 'proceed', 'proceed'],
    ['If-Modified-Since', EARLIER, 'proceed', 'proceed', 'proceed'],
    ['If-Modified-Since', SAME, 'unmodified', 'unmodified', 'proceed'],
    ['If-Modified-Since', LATER, 'unmodified', 'unmodified', 'proceed'],
    ['If-Modified-Since', 'never', 'proceed', 'proceed', 'proceed'],
    ['If-Unmodified-Since', EARLIER, 'modified', 'modified', 'proceed'],
    ['If-Unmodified-Since', SAME, 'proceed', 'proceed', 'proceed'],
    ['If-Unmodified-Since', LATER, 'proceed', 'proceed', 'proceed'],
    ['If-Unmodified-Since', 'never', 'proceed', 'proceed', 'proceed'],
  ];
  test.each(rows)('%s: %s', (field, value, strong, weak, bare) => {
    const lines: Lines = [[field, value]];
    expect([check(lines, STRONG), check(lines, WEAK), check(lines, BARE)]).toEqual([strong, weak, bare]);
  });
});

describe('the order of §13.2.2', () => {
  const rows: readonly (readonly [name: string, lines: Lines, expected: PreconditionResult])[] = [
    [
      'a failing If-Match wins over a matching If-None-Match',
      [
        ['If-Match', '"v2"'],
        ['If-None-Match', '"v1"'],
      ],
      'modified',
    ],
    [
      'a holding If-Match leaves If-None-Match its say',
      [
        ['If-Match', '"v1"'],
        ['If-None-Match', '"v1"'],
      ],
      'unmodified',
    ],
    [
      'a holding If-Match hides If-Unmodified-Since',
      [
        ['If-Match', '"v1"'],
        ['If-Unmodified-Since', EARLIER],
      ],
      'proceed',
    ],
    [
      'a failing If-Match is not saved by If-Unmodified-Since',
      [
        ['If-Match', '"v2"'],
        ['If-Unmodified-Since', LATER],
      ],
      'modified',
    ],
    [
      'a failing If-Match wins over If-Modified-Since',
      [
        ['If-Match', '"v2"'],
        ['If-Modified-Since', SAME],
      ],
      'modified',
    ],
    [
      'a holding If-Match leaves If-Modified-Since its say',
      [
        ['If-Match', '"v1"'],
        ['If-Modified-Since', SAME],
      ],
      'unmodified',
    ],
    [
      'If-Unmodified-Since wins over If-None-Match',
      [
        ['If-Unmodified-Since', EARLIER],
        ['If-None-Match', '"v1"'],
      ],
      'modified',
    ],
    [
      'a holding If-Unmodified-Since leaves If-None-Match its say',
      [
        ['If-Unmodified-Since', SAME],
        ['If-None-Match', '"v1"'],
      ],
      'unmodified',
    ],
    [
      'If-Unmodified-Since wins over If-Modified-Since',
      [
        ['If-Unmodified-Since', EARLIER],
        ['If-Modified-Since', LATER],
      ],
      'modified',
    ],
    [
      'both dates of the same second are a 304',
      [
        ['If-Unmodified-Since', SAME],
        ['If-Modified-Since', SAME],
      ],
      'unmodified',
    ],
    [
      'If-None-Match without a match hides If-Modified-Since',
      [
        ['If-None-Match', '"v2"'],
        ['If-Modified-Since', LATER],
      ],
      'proceed',
    ],
    [
      'a matching If-None-Match needs no date',
      [
        ['If-None-Match', '"v1"'],
        ['If-Modified-Since', EARLIER],
      ],
      'unmodified',
    ],
    [
      'a malformed If-None-Match hides If-Modified-Since',
      [
        ['If-None-Match', 'v1'],
        ['If-Modified-Since', LATER],
      ],
      'proceed',
    ],
  ];
  test.each(rows)('%s', (_name, lines, expected) => {
    expect(check(lines, STRONG)).toBe(expected);
  });
});
