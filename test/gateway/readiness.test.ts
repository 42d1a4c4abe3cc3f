import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readiness } from '../../src/gateway/readiness.ts';
import { storeError, type StoreErrorCode } from '../../src/store/store-error.ts';
import { storeDouble } from './store-double.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A storage whose next answers are scripted, and what was written to the log. */
function probed(answer: () => undefined | Promise<undefined>) {
  const lines: string[] = [];
  const asked: string[] = [];
  const store = storeDouble({
    head(key) {
      asked.push(key);
      return answer();
    },
  });
  return { lines, asked, isReady: readiness({ stores: [{ name: '/a', store }], warn: (line) => lines.push(line) }) };
}

describe('readiness', () => {
  test('asks the storage once in 5 seconds, however often it is called', async () => {
    const { isReady, asked } = probed(() => undefined);
    expect(await Promise.all(Array.from({ length: 50 }, isReady))).toEqual(Array.from({ length: 50 }, () => true));
    await vi.advanceTimersByTimeAsync(4_900);
    expect(await isReady()).toBe(true);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(await isReady()).toBe(true);
    expect(asked).toHaveLength(2);
  });

  test('is not ready if the storage takes longer than 10 seconds, and asks it once meanwhile', async () => {
    const { isReady, asked, lines } = probed(() => new Promise(() => undefined));
    const results = Promise.all([isReady(), isReady()]);
    await vi.advanceTimersByTimeAsync(9_900);
    const late = isReady();
    await vi.advanceTimersByTimeAsync(10_200);
    expect(await results).toEqual([false, false]);
    expect(await late).toBe(false);
    expect(asked).toHaveLength(1);
    expect(lines).toEqual(['not ready: the storage of /a does not answer: Error: it took longer than 10000 ms']);
  });

  test.each<readonly [StoreErrorCode, boolean]>([
    ['unavailable', false],
    ['throttled', false],
    ['invalid-response', false],
    // Without the right to list a bucket, S3 denies a key that is missing.
    ['denied', true],
    ['archived', true],
  ])('a storage that answers with the error %s: %j', async (code, expected) => {
    const { isReady } = probed(() => Promise.reject(storeError(code, 'no')));
    expect(await isReady()).toBe(expected);
  });

  test('tells the log once that a storage fails, and once that it answers again', async () => {
    let isUp = false;
    const { isReady, lines } = probed(async () => {
      if (!isUp) throw storeError('unavailable', 'down\u001b[2J');
      return undefined;
    });
    for (let i = 0; i < 3; i++) {
      expect(await isReady()).toBe(false);
      await vi.advanceTimersByTimeAsync(5_100);
    }
    isUp = true;
    expect(await isReady()).toBe(true);
    expect(lines).toEqual([
      'not ready: the storage of /a does not answer: StoreError: down\\u001b[2J',
      'the storage of /a answers again',
    ]);
  });
});
