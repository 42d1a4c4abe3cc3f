import { expect, test } from 'vitest';
import { unpackCoverage } from '../../src/transfers/packed-coverage.ts';

const damaged: readonly string[] = [
  '',
  '{}',
  'null',
  '[]',
  '[-1,-1,[],[],[]]',
  '[0,-1,[[0,5]],[],[]]',
  '[0,-1,[[0,500,1]],[],[]]',
  '[0,-1,[],[[7,1,0,5]],[]]',
  '[0,-1,[],[["a",-1,0,5]],[]]',
  '[0,-1,[],[],[[1,"x",0,5]]]',
  '[0,-1,[],[],[1]]',
];

test.each(damaged.map((text) => [text]))('%s is damaged', (text) => {
  expect(unpackCoverage(text, 100)).toBeUndefined();
});

test('a damaged span is omitted', () => {
  const coverage = unpackCoverage('[3,-1,[],[["a",5,0,5,9,"x",7,7]],[[0,2,4,6,8]]]', 100);
  expect(coverage).toEqual({
    size: 100,
    base: 3,
    above: [],
    running: [{ id: 'a', limit: 5, asked: [{ start: 0, end: 5 }] }],
    unknown: [{ isClosed: false, limit: 2, asked: [{ start: 4, end: 6 }] }],
    approximateBytes: undefined,
    receipts: { acknowledged: 0, at: 0, isAnew: false },
  });
});
