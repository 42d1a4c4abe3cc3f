import { describe, expect, test } from 'vitest';
import { semaphore } from '../../src/base/semaphore.ts';

describe('slots of a semaphore', () => {
  test('are taken until none is free, and released once each', () => {
    const bytes = semaphore(10);
    const first = bytes.tryAcquire(6);
    const second = bytes.tryAcquire(4);
    expect([bytes.canAcquire(), bytes.canAcquire(0), bytes.tryAcquire(1)]).toEqual([false, true, undefined]);
    second?.();
    second?.();
    expect([bytes.canAcquire(4), bytes.canAcquire(5)]).toEqual([true, false]);
    first?.();
    expect(bytes.canAcquire(10)).toBe(true);
  });

  test('number 1 by default, and without a bound one is always free', () => {
    const one = semaphore(1);
    expect([one.tryAcquire(), one.tryAcquire()]).toEqual([expect.any(Function), undefined]);
    const any = semaphore(Infinity);
    for (let i = 0; i < 100; i++) expect(any.tryAcquire(1e15)).toBeDefined();
  });
});

describe('queued work', () => {
  /** Work that ends when the test resolves it. */
  function task(name: string, begun: string[]) {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const work = () => {
      begun.push(name);
      return promise;
    };
    return { work, resolve, reject };
  }

  test('starts in the order of the calls, as many at once as there are slots', async () => {
    const begun: string[] = [];
    const two = semaphore(2);
    const tasks = ['a', 'b', 'c', 'd'].map((name) => task(name, begun));
    const results = tasks.map(({ work }) => two.run(work));
    expect(begun).toEqual(['a', 'b']);
    tasks[1]?.resolve('B');
    await results[1];
    await expect.poll(() => begun).toEqual(['a', 'b', 'c']);
    expect(two.tryAcquire()).toBeUndefined();
    for (const { resolve } of tasks) resolve('done');
    expect(await Promise.all(results)).toEqual(['done', 'B', 'done', 'done']);
    expect(two.canAcquire(2)).toBe(true);
  });

  test('that fails releases its slot', async () => {
    const one = semaphore(1);
    await expect(one.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(
      one.run(() => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
    expect(await one.run(async () => 'next')).toBe('next');
  });

  test('is not overtaken by a call that is made when a slot is released', async () => {
    const one = semaphore(1);
    const release = one.tryAcquire();
    const waiting = one.run(async () => 'waited');
    release?.();
    expect(one.tryAcquire()).toBeUndefined();
    expect(await waiting).toBe('waited');
    expect(one.canAcquire()).toBe(true);
  });
});
