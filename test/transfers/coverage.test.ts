import { describe, expect, test } from 'vitest';
import type { Span } from '../../src/http/span.ts';
import {
  MAX_INTERVALS,
  newCoverage,
  progressOf,
  settleCoverage,
  updateCoverage,
  type Coverage,
} from '../../src/transfers/coverage.ts';

/** Parses `0-3 5-9`: half-open spans. */
function spans(text: string): readonly Span[] {
  return [...text.matchAll(/(\d+)-(\d+)/g)].map(([, start, end]) => ({ start: Number(start), end: Number(end) }));
}

/**
 * Plays a history: `a+0-9` begins a request, `a=0-4` ends it with known bytes, `a?` ends it at an unknown byte.
 */
function play(before: Coverage, history: string): Coverage {
  return history.split(', ').reduce((coverage, step) => {
    const update = updateCoverage(coverage);
    const [, id = '', sign, text = ''] = /^(\w+)([+=?])(.*)$/.exec(step) ?? [];
    if (sign === '+') update.start(id, spans(text));
    else update.end(id, sign === '=' ? spans(text) : 'unknown');
    return update.finish();
  }, before);
}

function summary(coverage: Coverage): string {
  const { complete, intervals } = progressOf(coverage);
  const ended = complete > 0 && intervals.length === 0 ? 'complete' : 'paused';
  const state = coverage.running.length > 0 ? 'active' : ended;
  return [state, complete, ...intervals.map(({ start, end }) => `${start}-${end}`)].join(' ');
}

describe('progress of an object of 100 bytes', () => {
  const rows: readonly (readonly [name: string, history: string, expected: string])[] = [
    ['nothing yet', 'a+0-100', 'active 0'],
    ['at once', 'a+0-100, a=0-100', 'complete 1'],
    ['twice', 'a+0-100, a=0-100, b+0-100, b=0-100', 'complete 2'],
    ['broken off and resumed', 'a+0-100, a=0-40, b+40-100, b=40-100', 'complete 1'],
    ['broken off', 'a+0-100, a=0-40', 'paused 0 0-40'],
    ['complete, and begun again', 'a+0-100, a=0-100, b+0-100, b=0-40', 'paused 1 0-40'],
    ['in two connections', 'a+0-50, b+50-100, b=50-100, a=0-50', 'complete 1'],
    ['one of two still runs', 'a+0-50, b+50-100, b=50-100', 'active 0 50-100'],
    ['one byte is missing', 'a+0-99, a=0-99', 'paused 0 0-99'],
    ['one byte was sent again and again', 'a+0-100, a=0-100, b+0-1, b=0-1, c+0-1, c=0-1', 'paused 1 0-1'],
    ['bytes outside the object', 'a+0-100, a=0-200', 'complete 1'],
    ['the end of an unknown request', 'a=0-10', 'paused 0 0-10'],
    ['unknown', 'a+0-100, a?', 'paused 0'],
    ['unknown, resumed', 'a+0-100, a?, b+40-100, b=40-100', 'complete 1'],
    ['unknown, and what follows still runs', 'a+0-100, a?, b+40-100', 'active 0 0-40'],
    ['unknown, and asked for again lower', 'a+0-100, a?, b+60-100, b=60-100, c+40-60', 'active 0 0-40 60-100'],
    ['unknown, and never raised', 'a+0-100, a?, b+40-100, b?, c+60-100, c=60-100', 'complete 1'],
    ['unknown, and begun again', 'a+0-100, a?, b+0-100, b=0-100', 'complete 1'],
    ['unknown, resumed before its end', 'a+0-100, b+40-100, b=40-100, a?', 'paused 0 40-100'],
    ['unknown, twice at the same time', 'a+0-100, b+0-100, a?, b?, c+40-100, c=40-100', 'complete 1'],
    [
      'unknown, and brought by another meanwhile',
      'a+0-100, b+0-100, a?, b=0-30, c+40-100, c=40-100',
      'paused 0 0-30 40-100',
    ],
    ['an id that runs already', 'a+0-100, a+0-50, a=0-100', 'complete 1'],
    ['several ranges, unknown', 'a+0-30 60-100, a?, b+70-100, b=70-100, c+30-60, c=30-60', 'complete 1'],
    ['several ranges, unknown, resumed in the first', 'a+0-30 60-100, a?, b+20-30, b=20-30', 'paused 0 0-30'],
  ];
  test.each(rows)('%s', (_name, history, expected) => {
    expect(summary(play(newCoverage(100), history))).toBe(expected);
  });
  test('the part of the next download', () => {
    expect(progressOf(play(newCoverage(100), 'a=0-100, b=0-25')).progress).toBe(0.25);
  });
});

describe('an empty object', () => {
  test('counts complete responses', () => {
    const update = updateCoverage(newCoverage(0));
    update.addEmptyDownload();
    update.addEmptyDownload();
    expect(summary(update.finish())).toBe('complete 2');
    expect(summary(newCoverage(0))).toBe('paused 0');
  });
});

describe('too many intervals', () => {
  /** Delivers every second byte. */
  function fragments(count: number): Coverage {
    const update = updateCoverage(newCoverage(10_000));
    update.end(
      'a',
      Array.from({ length: count }, (_, i) => ({ start: 2 * i, end: 2 * i + 1 })),
    );
    return update.finish();
  }
  test('up to the limit they are exact', () => {
    const { approximate, intervals } = progressOf(fragments(MAX_INTERVALS));
    expect(approximate).toBe(false);
    expect(intervals).toHaveLength(MAX_INTERVALS);
  });
  test('beyond it, bytes are counted', () => {
    const coverage = fragments(MAX_INTERVALS + 1);
    expect(progressOf(coverage)).toEqual({
      complete: 0,
      progress: (MAX_INTERVALS + 1) / 10_000,
      intervals: [],
      approximate: true,
    });
    const whole = play(coverage, 'b+0-10000, c+0-1, c?, b=0-10000');
    expect(progressOf(whole)).toMatchObject({ complete: 1, progress: (MAX_INTERVALS + 1) / 10_000 });
  });
});

describe('requests that are too many to keep', () => {
  test('the oldest of many unknown ends keeps its bytes', () => {
    let coverage = play(newCoverage(1_000), 'a+0-100, a?, b+50-100, b?');
    for (let i = 0; i < 70; i++) coverage = play(coverage, `c${i}+900-910, c${i}?`);
    expect(coverage.unknown.length).toBeLessThanOrEqual(64);
    expect(summary(coverage)).toBe('paused 0 0-50');
  });
  test('a request with many spans counts when its end is known, and else not', () => {
    const many = Array.from({ length: 65 }, (_, i) => `${2 * i}-${2 * i + 1}`).join(' ');
    expect(summary(play(newCoverage(1_000), `a+${many}, a?, b+100-101`))).toBe('active 0');
    expect(progressOf(play(newCoverage(1_000), `a+${many}, a=${many}`)).progress).toBe(0.065);
  });
  test('of very many that run, the last ones count when their end is known', () => {
    const update = updateCoverage(newCoverage(100));
    for (let i = 0; i < 600; i++) update.start(String(i), spans('0-100'));
    update.end('599', spans('0-100'));
    update.end('598', 'unknown');
    const coverage = update.finish();
    expect(coverage.running).toHaveLength(512);
    expect(summary(coverage)).toBe('active 1');
  });
});

describe('settling', () => {
  test('what is complete stays so when it is begun again', () => {
    const resumed = play(newCoverage(100), 'a+0-100, a?, b+40-100, b=40-100');
    expect(summary(play(resumed, 'c+0-100'))).toBe('active 0 40-100');
    expect(summary(play(settleCoverage(resumed), 'c+0-100'))).toBe('active 1');
  });
  test('nothing changes without unknown ends', () => {
    const whole = play(newCoverage(100), 'a=0-100');
    expect(settleCoverage(whole)).toBe(whole);
  });
});
