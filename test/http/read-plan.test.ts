import { describe, expect, test } from 'vitest';
import { planReads, type ReadBudget } from '../../src/http/read-plan.ts';
import { droppedBytes } from './dropped-bytes.ts';
import type { Span } from '../../src/http/span.ts';

type Pair = readonly [start: number, end: number];

function span([start, end]: Pair): Span {
  return { start, end };
}

function budget(maxReads: number, nearGap: number, maxGapBytes: number): ReadBudget {
  return { maxReads, nearGap, maxGapBytes };
}

/** A read, written as the parts that it covers. */
type Row = readonly [
  name: string,
  parts: readonly Pair[],
  budget: ReadBudget,
  reads: readonly (readonly Pair[])[] | undefined,
];

describe('planReads', () => {
  const rows: readonly Row[] = [
    ['one part is one read', [[3, 5]], budget(1, 0, 0), [[[3, 5]]]],
    [
      'far parts are read apart',
      [
        [0, 1],
        [100, 101],
      ],
      budget(9, 10, 1000),
      [[[0, 1]], [[100, 101]]],
    ],
    [
      'near parts are read together',
      [
        [0, 1],
        [5, 6],
      ],
      budget(9, 10, 1000),
      [
        [
          [0, 1],
          [5, 6],
        ],
      ],
    ],
    [
      'a gap of exactly nearGap is near',
      [
        [0, 1],
        [11, 12],
      ],
      budget(9, 10, 1000),
      [
        [
          [0, 1],
          [11, 12],
        ],
      ],
    ],
    [
      'a gap of one byte more is far',
      [
        [0, 1],
        [12, 13],
      ],
      budget(9, 10, 1000),
      [[[0, 1]], [[12, 13]]],
    ],
    [
      'parts that touch are read together',
      [
        [0, 5],
        [5, 9],
      ],
      budget(9, 0, 0),
      [
        [
          [0, 5],
          [5, 9],
        ],
      ],
    ],
    [
      'descending parts are read apart',
      [
        [5, 9],
        [0, 5],
      ],
      budget(9, 99, 999),
      [[[5, 9]], [[0, 5]]],
    ],
    [
      'far parts are joined where reads are short',
      [
        [0, 1],
        [100, 101],
      ],
      budget(1, 10, 1000),
      [
        [
          [0, 1],
          [100, 101],
        ],
      ],
    ],
    [
      'a gap of exactly maxGapBytes is joined',
      [
        [0, 1],
        [101, 102],
      ],
      budget(1, 0, 100),
      [
        [
          [0, 1],
          [101, 102],
        ],
      ],
    ],
    [
      'a gap of one byte more is not',
      [
        [0, 1],
        [102, 103],
      ],
      budget(1, 0, 100),
      undefined,
    ],
    [
      'descending parts can not be joined',
      [
        [5, 9],
        [0, 5],
      ],
      budget(1, 99, 999),
      undefined,
    ],
    [
      'the nearest are joined first',
      [
        [0, 1],
        [50, 51],
        [60, 61],
      ],
      budget(2, 0, 1000),
      [
        [[0, 1]],
        [
          [50, 51],
          [60, 61],
        ],
      ],
    ],
    [
      'no more are joined than must be',
      [
        [0, 1],
        [11, 12],
        [22, 23],
      ],
      budget(2, 0, 1000),
      [
        [
          [0, 1],
          [11, 12],
        ],
        [[22, 23]],
      ],
    ],
    [
      'near gaps are joined as far as the bytes go',
      [
        [0, 1],
        [6, 7],
        [13, 14],
      ],
      budget(9, 10, 5),
      [
        [
          [0, 1],
          [6, 7],
        ],
        [[13, 14]],
      ],
    ],
    [
      'near gaps add up to exactly maxGapBytes',
      [
        [0, 1],
        [6, 7],
        [13, 14],
      ],
      budget(9, 10, 11),
      [
        [
          [0, 1],
          [6, 7],
          [13, 14],
        ],
      ],
    ],
    [
      'all gaps together count',
      [
        [0, 1],
        [6, 7],
        [13, 14],
      ],
      budget(1, 0, 10),
      undefined,
    ],
    [
      'a run ends where the parts turn back',
      [
        [20, 21],
        [22, 23],
        [0, 1],
        [2, 3],
      ],
      budget(9, 5, 99),
      [
        [
          [20, 21],
          [22, 23],
        ],
        [
          [0, 1],
          [2, 3],
        ],
      ],
    ],
    [
      'zigzag needs a read each',
      [
        [9, 10],
        [0, 1],
        [7, 8],
        [2, 3],
      ],
      budget(3, 99, 999),
      [
        [[9, 10]],
        [
          [0, 1],
          [7, 8],
        ],
        [[2, 3]],
      ],
    ],
    [
      'reads that are just enough',
      [
        [0, 1],
        [100, 101],
        [200, 201],
      ],
      budget(3, 0, 0),
      [[[0, 1]], [[100, 101]], [[200, 201]]],
    ],
  ];
  test.each(rows)('%s', (_name, parts, limits, expected) => {
    const reads = planReads(parts.map(span), limits);
    expect(reads?.map((read) => read.parts)).toEqual(expected?.map((read) => read.map(span)));
  });

  test('a read goes from its first part to its last', () => {
    const reads = planReads([span([2, 4]), span([6, 7]), span([9, 12])], budget(1, 0, 99));
    expect(reads?.map((read) => read.span)).toEqual([{ start: 2, end: 12 }]);
  });
  test('does not change its argument', () => {
    const parts = [span([50, 51]), span([0, 1]), span([3, 4])];
    planReads(parts, budget(9, 99, 99));
    expect(parts).toEqual([span([50, 51]), span([0, 1]), span([3, 4])]);
  });
});

describe('droppedBytes', () => {
  test('is 0 for no reads', () => {
    expect(droppedBytes([])).toBe(0);
  });
  test('counts the bytes between the parts of each read', () => {
    const reads = planReads([span([0, 1]), span([6, 7]), span([100, 101]), span([103, 104])], budget(2, 0, 99));
    expect(reads === undefined ? undefined : droppedBytes(reads)).toBe(7);
  });
});
