import { describe, expect, test } from 'vitest';
import { compareKeys, type ListableStore, type ListOptions, type ListPage } from '../../src/store/listable-store.ts';
import { newRequestStats } from '../../src/store/request-stats.ts';

/** A store under test, and a way to put objects into what it lists. */
export interface ListableHarness {
  readonly store: ListableStore;
  put(key: string, bytes: Uint8Array): Promise<void>;
}

const BYTE = new Uint8Array(1);

/** In the order of their UTF-8 bytes. U+1F600 is two UTF-16 units, both less than U+FF5E. */
const KEYS = [
  ' space',
  '%41',
  "&<>'",
  'a+b',
  'a-file',
  'a.txt',
  'a/1',
  'a/2/x',
  'a/2/y',
  'a/3',
  'b/c/d/e',
  'caf\u00e9',
  '日本語/ファイル.bin',
  '\uff5e',
  '\u{1f600}',
];

/**
 * The contract of ListableStore, run against each driver. `harness` is called once for each test.
 *
 * @param most how many keys the largest folder has; takes as many calls of `put`
 */
export function describeListableStore(name: string, harness: () => Promise<ListableHarness>, most = 1_001): void {
  const filled = async () => {
    const made = await harness();
    for (const key of KEYS.toReversed()) await made.put(key, BYTE);
    return made;
  };

  describe(`${name} keeps the contract of ListableStore`, () => {
    test('an empty store, and a prefix without keys, have an empty last page', async () => {
      const { store, put } = await harness();
      const empty = { objects: [], prefixes: [] };
      const isLast = ({ cursor }: ListPage) => cursor === undefined;
      expect(await store.list('')).toMatchObject(empty);
      await put('a/b', BYTE);
      for (const prefix of ['c', 'a/c', 'a/b/', 'aa/', 'c/d/']) {
        const page = await store.list(prefix);
        expect([page, isLast(page), page.isFolder ?? false]).toMatchObject([empty, true, false]);
      }
      expect(await store.list('c/', { delimiter: '/' })).toMatchObject(empty);
    });

    test('all keys are listed in the order of their UTF-8 bytes', async () => {
      const { store } = await filled();
      const { objects, prefixes, cursor } = await store.list('');
      expect(objects.map(({ key }) => key)).toEqual(KEYS);
      expect(KEYS.toSorted(compareKeys)).toEqual(KEYS);
      expect([prefixes, cursor]).toEqual([[], undefined]);
    });

    test('an object has the size, the tag and the date that head has', async () => {
      const { store, put } = await harness();
      await put('ten', new Uint8Array(10));
      const [object] = (await store.list('')).objects;
      const head = await store.head('ten');
      expect(object).toMatchObject({ key: 'ten', size: 10 });
      expect(object?.etag?.opaque).toBe(head?.etag?.opaque);
      if (object?.digests !== undefined) expect(object.digests).toEqual(head?.digests);
      const difference = (object?.lastModified?.getTime() ?? 0) - (head?.lastModified?.getTime() ?? 1e12);
      expect(Math.abs(difference)).toBeLessThan(1_000);
    });

    test.each([
      [
        '',
        ['a/', 'b/', '日本語/'],
        [' space', '%41', "&<>'", 'a+b', 'a-file', 'a.txt', 'caf\u00e9', '\uff5e', '\u{1f600}'],
      ],
      ['a/', ['a/2/'], ['a/1', 'a/3']],
      ['a', ['a/'], ['a+b', 'a-file', 'a.txt']],
      ['a/2', ['a/2/'], []],
      ['a/2/', [], ['a/2/x', 'a/2/y']],
      ['b/c/', ['b/c/d/'], []],
      ['日本語/', [], ['日本語/ファイル.bin']],
    ])('with a delimiter, %j has the folders %j and the objects %j', async (prefix, prefixes, keys) => {
      const { store } = await filled();
      const page = await store.list(prefix, { delimiter: '/' });
      expect(page.prefixes).toEqual(prefixes);
      expect(page.objects.map(({ key }) => key)).toEqual(keys);
    });

    test.each([1, 2, 3, 7, KEYS.length, KEYS.length + 1])('pages of %i join to the whole', async (limit) => {
      const { store } = await filled();
      for (const options of [{}, { delimiter: '/' }] as const) {
        const whole = await store.list('', options);
        const pages = await allPages(store, '', { ...options, limit });
        for (const { objects, prefixes } of pages) expect(objects.length + prefixes.length).toBeLessThanOrEqual(limit);
        expect(pages.flatMap(({ objects }) => objects.map(({ key }) => key))).toEqual(
          whole.objects.map(({ key }) => key),
        );
        expect(pages.flatMap(({ prefixes }) => prefixes)).toEqual(whole.prefixes);
      }
    });

    test.each([1, 1_000, 1_001])(
      'a page has at most 1,000 of %i keys',
      async (count) => {
        const { store, put } = await harness();
        const keys = Array.from({ length: count }, (_, i) => `many/${String(i).padStart(5, '0')}`);
        for (let i = 0; i < count; i += 50) await Promise.all(keys.slice(i, i + 50).map((key) => put(key, BYTE)));
        const [first, ...others] = await allPages(store, 'many/', { delimiter: '/' });
        expect(first?.objects).toHaveLength(Math.min(count, 1_000));
        expect(others.flatMap(({ objects }) => objects)).toHaveLength(Math.max(count - 1_000, 0));
      },
      120_000,
    );

    test.runIf(most > 1_001)(
      `a folder of ${most} keys is listed page by page, and searched`,
      async () => {
        const { store, put } = await harness();
        const keys = Array.from({ length: most }, (_, i) => `many/${String(i).padStart(7, '0')}`);
        for (let i = 0; i < most; i += 100) await Promise.all(keys.slice(i, i + 100).map((key) => put(key, BYTE)));
        const stats = newRequestStats();
        const keysOf = ({ objects }: ListPage) => objects.map(({ key }) => key);
        const first = await store.list('many/', { delimiter: '/', stats });
        expect([keysOf(first), stats.operations]).toEqual([keys.slice(0, 1_000), 1]);
        const second = await store.list('many/', { delimiter: '/', cursor: first.cursor });
        expect(keysOf(second)).toEqual(keys.slice(1_000, 2_000));
        const last = await store.list(keys.at(-500)?.slice(0, -2) ?? '', { delimiter: '/' });
        expect([keysOf(last), last.cursor]).toEqual([keys.slice(-500, -400), undefined]);
        expect(keysOf(await store.list('', { limit: 7 }))).toEqual(keys.slice(0, 7));
        expect((await store.list('', { delimiter: '/' })).prefixes).toEqual(['many/']);
      },
      600_000,
    );

    test('a page is one storage operation', async () => {
      const { store } = await filled();
      const stats = newRequestStats();
      const { cursor } = await store.list('', { limit: 2, stats });
      expect(stats.operations).toBe(1);
      await store.list('', { limit: 2, stats, cursor });
      expect(stats.operations).toBe(2);
    });
  });
}

/** Reads all pages of a listing. */
export async function allPages(
  store: ListableStore,
  prefix: string,
  options: ListOptions,
): Promise<readonly ListPage[]> {
  const pages: ListPage[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await store.list(prefix, { ...options, cursor });
    pages.push(page);
    ({ cursor } = page);
    if (cursor === undefined) return pages;
  }
}
