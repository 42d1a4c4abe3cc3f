import { describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../src/store/object-store.ts';

/** A store under test, and a way to put objects with and without a type into what it reads from. */
export interface TypeHarness {
  readonly store: ObjectStore;
  put(key: string, type: string | undefined): Promise<unknown>;
}

/** What a storage does with types itself. */
export interface StorageTypes {
  /** Stores none, as folders do. */
  readonly storesNone?: boolean;
  /** The type that is stored if an upload names none. */
  readonly ofUntyped?: string;
  /** The type of an object without one whose ending is not known. By default absent. */
  readonly ofUnknown?: string;
}

const BY_ENDING: readonly (readonly [key: string, type: string])[] = [
  ['page.html', 'text/html; charset=utf-8'],
  ['deep/er/FILM.MP4', 'video/mp4'],
  ['release-1.2.tar.gz', 'application/gzip'],
  ['a b/ä.pdf', 'application/pdf'],
];
const WITHOUT_ENDING = ['unknown.rangeway', 'none', 'html', '.html', 'dir.html/none', 'ends.'];

/** The types of objects, run against each driver. `harness` is called once for each test. */
export function describeContentTypes(
  name: string,
  harness: () => Promise<TypeHarness>,
  { storesNone = false, ofUntyped, ofUnknown }: StorageTypes = {},
): void {
  describe(`the types of ${name}`, () => {
    test.skipIf(storesNone)('a stored type is never replaced', async () => {
      const { put, store } = await harness();
      for (const type of ['text/x-own', 'application/octet-stream', 'binary/octet-stream']) {
        await put('page.html', type);
        await expectType(store, 'page.html', type);
      }
    });

    test.for(BY_ENDING)('an object without a stored type has that of its ending: %s', async ([key, type]) => {
      const { put, store } = await harness();
      await put(key, undefined);
      await expectType(store, key, ofUntyped ?? type);
    });

    test.for(WITHOUT_ENDING)('nothing is guessed from any other name: %s', async (key) => {
      const { put, store } = await harness();
      await put(key, undefined);
      await expectType(store, key, ofUntyped ?? ofUnknown);
    });
  });
}

/** Metadata alone, a read of the whole and one of a range have the same type. */
async function expectType(store: ObjectStore, key: string, type: string | undefined): Promise<void> {
  expect((await store.head(key))?.contentType).toBe(type);
  for (const range of [undefined, { form: 'from', start: 1 } as const]) {
    const result = await store.read(key, range === undefined ? {} : { range });
    if (result.type !== 'open') throw new Error(result.type);
    await result.body.cancel();
    expect(result.representation.contentType).toBe(type);
  }
}
