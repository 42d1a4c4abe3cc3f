import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BlockName } from '../../src/cache/block-cache.ts';
import { BYTES, NAME, hit, type BlockCacheHarness } from './block-cache-blocks.ts';

/** Keys, scopes and tags that contain separators, escapes or folder names. */
const AWKWARD = [
  '',
  ' ',
  '.',
  '..',
  '../..',
  '/',
  '//',
  'a',
  'A',
  'a/',
  '/a',
  'a/b',
  'a/../b',
  'a%2Fb',
  'a%252Fb',
  'a?b',
  'a#b',
  'a&b',
  'a b',
  'a+b',
  'a\\b',
  'a"b',
  'a","b',
  'a\\","b',
  'a\0b',
  'a\nb',
  'café',
  'cafe\u0301',
  '日本語',
  '😀',
  '\ud83d',
  '\ude00',
  '\ufffd',
  '__proto__',
  'x'.repeat(5_000),
  `${'x'.repeat(5_000)}y`,
];

/** Texts that could be separators between the fields of a name. */
const SEPARATORS = ['', '/', ',', ':', '|', '-', '.', ' ', '\0', '\n', '?', '#', '&', '%2F', '","', '\\","'];

/** Pairs of names that a cache must distinguish. */
export function describeNames(harness: () => Promise<BlockCacheHarness>): void {
  const small: BlockName = { ...NAME, length: 8 };
  const neighbours: readonly (readonly [string, BlockName])[] = [
    ['scope', { ...small, scope: 'bucket2' }],
    ['key', { ...small, key: 'file.bin2' }],
    ['etag', { ...small, etag: 'abc2' }],
    ['etag in capitals', { ...small, etag: 'ABC' }],
    ['blockSize', { ...small, blockSize: 2 * 1024 * 1024 }],
    ['index', { ...small, index: 1 }],
    ['length, shorter', { ...small, length: 7 }],
    ['length, longer', { ...small, length: 9 }],
  ];
  test.for(neighbours)('a name with another %s names another block', async ([, other]) => {
    const { cache } = await harness();
    await cache.put(small, BYTES.slice(0, 8));
    expect(await cache.get(other, { start: 0, end: 1 })).toBeUndefined();
    expect(await cache.get(other, { start: 0, end: other.length })).toBeUndefined();
    await cache.put(other, BYTES.slice(100, 100 + other.length));
    expect(await hit(cache, small, { start: 0, end: 8 })).toEqual(BYTES.slice(0, 8));
    expect(await hit(cache, other, { start: 0, end: other.length })).toEqual(BYTES.slice(100, 100 + other.length));
  });

  const boundaries: readonly (readonly [BlockName, BlockName])[] = [
    ...SEPARATORS.flatMap((separator): readonly (readonly [BlockName, BlockName])[] => [
      [
        { ...small, scope: `a${separator}b`, key: 'c' },
        { ...small, scope: 'a', key: `b${separator}c` },
      ],
      [
        { ...small, key: `a${separator}b`, etag: 'c' },
        { ...small, key: 'a', etag: `b${separator}c` },
      ],
    ]),
    [
      { ...small, etag: '1', blockSize: 23 },
      { ...small, etag: '12', blockSize: 3 },
    ],
    [
      { ...small, blockSize: 11, index: 1 },
      { ...small, blockSize: 1, index: 11 },
    ],
    [
      { ...small, index: 1, length: 21 },
      { ...small, index: 12, length: 1 },
    ],
  ];
  test.for(boundaries)('the border between two fields is preserved: %j and %j', async ([one, two]) => {
    const { cache } = await harness();
    await cache.put(one, BYTES.slice(0, one.length));
    expect(await cache.get(two, { start: 0, end: two.length })).toBeUndefined();
    await cache.put(two, BYTES.slice(100, 100 + two.length));
    expect(await hit(cache, one, { start: 0, end: one.length })).toEqual(BYTES.slice(0, one.length));
  });

  test.for(['scope', 'key', 'etag'] as const)('no two awkward values of %s name the same block', async (field) => {
    const { cache } = await harness();
    const names = AWKWARD.map((value) => Object.assign({ ...small }, { [field]: value }));
    for (const [i, name] of names.entries()) {
      expect(await cache.get(name, { start: 0, end: 8 })).toBeUndefined();
      await cache.put(name, BYTES.slice(i, i + 8));
    }
    for (const [i, name] of names.entries())
      expect(await hit(cache, name, { start: 0, end: 8 })).toEqual(BYTES.slice(i, i + 8));
  });

  test('two random names name the same block only if they are equal', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', '/', '%', '"', ',', '\\', '.'), maxLength: 3 });
    const number = fc.integer({ min: 1, max: 12 });
    const names = fc.record({ scope: text, key: text, etag: text, blockSize: number, index: number });
    const { cache } = await harness();
    const inScope = (count: number, name: Omit<BlockName, 'length'>) => {
      return { ...name, scope: `${count}:${name.scope}`, length: 2 };
    };
    let tries = 0;
    await fc.assert(
      fc.asyncProperty(names, names, async (a, b) => {
        // A scope for each run, because a block of an earlier one would be a hit.
        const [one, two] = [inScope(tries, a), inScope(tries, b)];
        tries++;
        await cache.put(one, BYTES.slice(0, 2));
        const same = (['scope', 'key', 'etag', 'blockSize', 'index'] as const).every((field) => a[field] === b[field]);
        expect((await cache.get(two, { start: 0, end: 1 })) !== undefined).toBe(same);
      }),
      { numRuns: 100 },
    );
  });
}
