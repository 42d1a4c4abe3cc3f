import { afterAll, beforeAll, expect } from 'vitest';
import { sleep } from './store/counted-store.ts';

/** Fails the tests of a file if one of them causes an unhandledRejection. */
export function expectNoUnhandledRejections(): void {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  beforeAll(() => void process.on('unhandledRejection', note));
  afterAll(async () => {
    await sleep(50);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
}
