import { describe, expect, test } from 'vitest';
import { entriesOf, isServable } from '../../src/listing/entries.ts';
import type { ListPage } from '../../src/store/listable-store.ts';

const file = (key: string, size = 1, time = 0) => ({ key, size, etag: undefined, lastModified: new Date(time) });
const page = (objects: ListPage['objects'], prefixes: readonly string[] = []): ListPage => ({
  objects,
  prefixes,
  cursor: undefined,
});
const BY_NAME = { sort: 'name', isDescending: false } as const;
const namesOf = (...parameters: Parameters<typeof entriesOf>) => entriesOf(...parameters).map(({ name }) => name);

describe('the entries of a folder', () => {
  const files = page([file('d/a', 3, 2000), file('d/b', 1, 3000), file('d/c', 2, 1000)], ['d/x/', 'd/y/']);

  test.each([
    ['name', false, ['x', 'y', 'a', 'b', 'c']],
    ['name', true, ['y', 'x', 'c', 'b', 'a']],
    ['size', false, ['x', 'y', 'b', 'c', 'a']],
    ['size', true, ['x', 'y', 'a', 'c', 'b']],
    ['date', false, ['x', 'y', 'c', 'a', 'b']],
    ['date', true, ['x', 'y', 'b', 'a', 'c']],
  ] as const)('are sorted by %s, descending: %s, folders first', (sort, isDescending, names) => {
    expect(namesOf(files, 'd/', { sort, isDescending })).toEqual(names);
  });

  test('do not have the folder itself, which some programs store as an object', () => {
    expect(namesOf(page([file('d/', 0), file('d/a')]), 'd/', BY_NAME)).toEqual(['a']);
  });

  test.each([
    ['a b', './a%20b'],
    ['100%', './100%25'],
    ['?x=1&y', './%3Fx%3D1%26y'],
    ['#top', './%23top'],
    ['javascript:alert(1)', './javascript%3Aalert(1)'],
    ["it's", './it%27s'],
    ['日本', './%E6%97%A5%E6%9C%AC'],
    ['\u{1f600}', './%F0%9F%98%80'],
    ['back\\slash', './back%5Cslash'],
  ])('have for %j the address %s', (name, href) => {
    const [folder, object] = entriesOf(page([file(name)], [`${name}/`]), '', BY_NAME);
    expect([folder?.href, object?.href]).toEqual([`${href}/`, href]);
    expect(decodeURIComponent(new URL(href, 'http://a/f/').pathname)).toBe(`/f/${name}`);
  });

  test('of keys with an empty segment lead to them', () => {
    const [folder] = entriesOf(page([], ['a//']), 'a/', BY_NAME);
    expect(new URL(folder?.href ?? '', 'http://h/a/').pathname).toBe('/a//');
  });

  test.each([
    '..',
    '.',
    'a/../b',
    './a',
    'a/.',
    '.rangeway/pieces/x',
    '.rangeway/',
    '.rangeway',
    'a/.rangeway/x',
    'a/.rangeway',
    'a\0',
    '\ud800',
    'x'.repeat(1025),
  ])('leave out %j, which has no address or is the gateway’s own', (key) => {
    expect(isServable(key)).toBe(false);
    expect(namesOf(page([file(key)], [`${key}/`]), '', BY_NAME)).toEqual([]);
  });

  test.each(['...', '.a', 'a..b', 'é'.repeat(512), 'rangeway/x', 'a.rangeway/x', 'a/.rangeways/x', 'a.rangeway'])(
    'have %j',
    (key) => {
      expect(isServable(key)).toBe(true);
    },
  );
});
