import { describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../../src/store/object-store.ts';
import { withRetry } from '../../../src/store/wrappers/with-retry.ts';
import { storeError, type StoreErrorCode } from '../../../src/store/store-error.ts';
import { representation } from '../../gateway/store-double.ts';

const backoff = { first: 1, most: 1 };

/** Fails `times` times, then returns a result. */
function failing(times: number, code: StoreErrorCode = 'unavailable') {
  let calls = 0;
  const answer = async <Answer>(value: Answer) => {
    if (calls++ < times) throw storeError(code, 'not now');
    return value;
  };
  const store: ObjectStore = { head: () => answer(representation(1)), read: () => answer({ type: 'missing' }) };
  return { store, calls: () => calls };
}

describe('withRetry', () => {
  test.for<StoreErrorCode>(['unavailable', 'throttled'])('retries if the storage is %s', async (code) => {
    const { store, calls } = failing(2, code);
    expect(await withRetry(store, { backoff }).read('key')).toEqual({ type: 'missing' });
    expect(calls()).toBe(3);
    const other = failing(1, code);
    expect(await withRetry(other.store, { backoff }).head('key')).toEqual(representation(1));
  });

  test('throws the error of the last attempt', async () => {
    const { store, calls } = failing(9);
    await expect(withRetry(store, { backoff }).read('key')).rejects.toMatchObject({ code: 'unavailable' });
    expect(calls()).toBe(3);
  });

  test.for<StoreErrorCode>(['denied', 'invalid-response', 'version-changed', 'archived', 'aborted'])(
    'does not retry the error %s',
    async (code) => {
      const { store, calls } = failing(9, code);
      await expect(withRetry(store, { backoff }).read('key')).rejects.toMatchObject({ code });
      expect(calls()).toBe(1);
    },
  );

  test('spends a shared budget, so a storage that is down does not get three times the requests', async () => {
    const { store, calls } = failing(Number.POSITIVE_INFINITY);
    const patient = withRetry(store, { backoff, budget: 10 });
    for (let i = 0; i < 50; i++) await patient.read('key').catch(() => undefined);
    expect(calls()).toBe(60);
  });

  test('earns budget back with successful requests', async () => {
    let isDown = true;
    let calls = 0;
    const store: ObjectStore = {
      head: async () => undefined,
      async read() {
        calls++;
        if (isDown) throw storeError('unavailable', 'not now');
        return { type: 'missing' };
      },
    };
    const patient = withRetry(store, { backoff, budget: 2 });
    await patient.read('key').catch(() => undefined);
    isDown = false;
    for (let i = 0; i < 20; i++) await patient.read('key');
    isDown = true;
    calls = 0;
    await patient.read('key').catch(() => undefined);
    expect(calls).toBe(3);
  });

  test('stops waiting when the signal is aborted', async () => {
    const { store, calls } = failing(9);
    const left = new AbortController();
    const patient = withRetry(store, { backoff: { first: 60_000, most: 60_000 } });
    const answer = patient.read('key', { signal: left.signal });
    setTimeout(() => left.abort(), 20);
    await expect(answer).rejects.toMatchObject({ code: 'aborted' });
    expect(calls()).toBe(1);
  });
});
