import { mock } from 'node:test';
import { memoryStore, type MemoryStore } from '../../src/store/drivers/memory.ts';
import { fixtures } from './fixtures.ts';

/** How far the dates of the fixtures lie back, in ms: their second is over, so they are strong (§8.8.2.2). */
const AGE = 60_000;

/** A store in memory with the fixtures, which were put there a minute ago. */
export async function memoryWithFixtures(): Promise<MemoryStore> {
  const store = memoryStore();
  mock.timers.enable({ apis: ['Date'], now: Date.now() - AGE });
  try {
    for (const { key, bytes, contentType } of fixtures) await store.put(key, bytes, { contentType });
  } finally {
    mock.timers.reset();
  }
  return store;
}
