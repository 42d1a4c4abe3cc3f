import { afterAll, beforeAll, expect } from 'vitest';
import { sleep } from './store/counted-store.ts';

/** Fails a file's tests where any of them leaves a rejection that nobody looks at. */
export function expectNoneUnhandled(): void {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  beforeAll(() => void process.on('unhandledRejection', note));
  afterAll(async () => {
    await sleep(50);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
}
