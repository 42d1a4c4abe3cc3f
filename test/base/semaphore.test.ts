import { describe, expect, test } from 'vitest';
import { semaphore } from '../../src/base/semaphore.ts';

describe('room', () => {
  test('is taken until there is none, and given back once', () => {
    const bytes = semaphore(10);
    const first = bytes.tryAcquire(6);
    const second = bytes.tryAcquire(4);
    expect([bytes.hasRoom(), bytes.hasRoom(0), bytes.tryAcquire(1)]).toEqual([false, true, undefined]);
    second?.();
    second?.();
    expect([bytes.hasRoom(4), bytes.hasRoom(5)]).toEqual([true, false]);
    first?.();
    expect(bytes.hasRoom(10)).toBe(true);
  });

  test('is for 1 where nothing is said, and without a bound there is always some', () => {
    const one = semaphore(1);
    expect([one.tryAcquire(), one.tryAcquire()]).toEqual([expect.any(Function), undefined]);
    const any = semaphore(Infinity);
    for (let i = 0; i < 100; i++) expect(any.tryAcquire(1e15)).toBeDefined();
  });
});

describe('work', () => {
  /** Work that ends when it is told to. */
  function task(name: string, begun: string[]) {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const work = () => {
      begun.push(name);
      return promise;
    };
    return { work, resolve, reject };
  }

  test('begins in the order of the calls, as many at once as there is room for', async () => {
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
    expect(two.hasRoom(2)).toBe(true);
  });

  test('that fails gives its room back', async () => {
    const one = semaphore(1);
    await expect(one.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(
      one.run(() => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
    expect(await one.run(async () => 'next')).toBe('next');
  });

  test('that waits is not overtaken by a call that comes when room is given back', async () => {
    const one = semaphore(1);
    const release = one.tryAcquire();
    const waiting = one.run(async () => 'waited');
    release?.();
    expect(one.tryAcquire()).toBeUndefined();
    expect(await waiting).toBe('waited');
    expect(one.hasRoom()).toBe(true);
  });
});
