import { expect, test } from 'vitest';
import type { Case } from './case.ts';
import { cases, groups } from './cases/index.ts';
import { regressions } from './regressions.ts';
import { sampleOf } from './sample.ts';

const suites = Array.from({ length: 28 }, (_, i) => `suite ${i}`);

const answerOf = ({ expect: { status, body } }: Case) => `${[status].flat().join()} ${body?.type}`;

test.for(suites)(
  'the sample of %s has each group, each kind of response in it, and each case that once failed',
  (suite) => {
    const sample = new Set(sampleOf(suite));
    for (const group of groups)
      expect(new Set(group.filter((one) => sample.has(one)).map(answerOf))).toEqual(new Set(group.map(answerOf)));
    const names = new Set(Array.from(sample, ({ name }) => name));
    expect(Array.from(regressions).filter((name) => !names.has(name))).toEqual([]);
  },
);

test('a sample is reproducible, and at most a fifth of the list', () => {
  for (const suite of suites) {
    expect(sampleOf(suite)).toEqual(sampleOf(suite));
    expect(sampleOf(suite).length).toBeLessThan(cases.length / 5);
  }
});

test('the samples of all suites together cover nearly the whole list', () => {
  const together = new Set(suites.flatMap((suite) => sampleOf(suite)));
  expect(together.size).toBeGreaterThan(cases.length * 0.9);
});
