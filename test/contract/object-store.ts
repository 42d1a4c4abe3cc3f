import { describe, expect, test } from 'vitest';
import type { EntityTag, RangeSpec, Representation } from '../../src/http/index.ts';
import { type ObjectStore, type OpenObject, type ReadOptions, type ReadResult } from '../../src/store/object-store.ts';
import { newRequestStats } from '../../src/store/request-stats.ts';
import { equal, pseudoRandom } from './bytes.ts';

/** A store under test, and a way to put objects into what it reads from. */
export interface StoreHarness {
  readonly store: ObjectStore;
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Whether a call may cost another number of operations than one, as behind a cache. */
  readonly hasOtherCosts?: boolean;
}

/** Keys that every storage can hold. */
const AWKWARD_KEYS = [
  'with space',
  'plus+plus',
  '%41',
  'hash#hash',
  'what?',
  'a&b=c;d',
  'quote"\'`',
  'caf\u00e9 (composed)',
  'cafe\u0301 (decomposed)',
  '日本語/ファイル.bin',
  'deep/er/and/deeper',
  '.hidden',
  '...',
  'back\\slash',
];

const DIGITS = new TextEncoder().encode('0123456789');

/** The contract of ObjectStore, run against each driver. `harness` is called once for each test. */
export function describeObjectStore(name: string, harness: () => Promise<StoreHarness>): void {
  describe(`${name} keeps the contract of ObjectStore`, () => {
    describeWhole(harness);
    describeRanges(harness);
    describeConditions(harness);
    describeVersions(harness);
    describeKeys(harness);
  });
}

async function withDigits(harness: () => Promise<StoreHarness>) {
  const made = await harness();
  const { store, put } = made;
  await put('digits', DIGITS);
  const representation = await store.head('digits');
  if (representation?.etag === undefined) throw new Error('no tag');
  return { ...made, representation, etag: representation.etag };
}

function describeWhole(harness: () => Promise<StoreHarness>): void {
  test('a key without an object is missing', async () => {
    const { store } = await harness();
    expect(await store.head('nothing')).toBeUndefined();
    expect(await store.read('nothing')).toEqual({ type: 'missing' });
    expect(await store.read('nothing', { range: { form: 'from', start: 3 } })).toEqual({ type: 'missing' });
  });

  test('metadata has the size, a strong tag and a date', async () => {
    const { representation } = await withDigits(harness);
    expect(representation.size).toBe(10);
    expect(representation.etag?.weak).toBe(false);
    expect(Math.abs(Date.now() - (representation.lastModified?.getTime() ?? 0))).toBeLessThan(60_000);
  });

  test('a read without options returns the whole object, with the same metadata as head', async () => {
    const { store, representation } = await withDigits(harness);
    const object = opened(await store.read('digits'));
    expect(object.representation).toEqual(representation);
    expect(object.span).toEqual({ start: 0, end: 10 });
    expect(await textOf(object)).toBe('0123456789');
  });

  test('each call is counted with its number of storage operations', async () => {
    const { store, hasOtherCosts = false } = await withDigits(harness);
    if (hasOtherCosts) return;
    const stats = newRequestStats();
    await store.head('digits', { stats });
    expect(stats.operations).toBe(1);
    const { body } = opened(await store.read('digits', { stats }));
    await body.cancel();
    expect(stats.operations).toBe(2);
  });

  test('an empty object is read as a whole, with an empty body', async () => {
    const { store, put } = await harness();
    await put('empty', new Uint8Array(0));
    const object = opened(await store.read('empty'));
    expect(object.span).toEqual({ start: 0, end: 0 });
    expect(await textOf(object)).toBe('');
  });

  test('a larger object is exact, whole and from the middle', async () => {
    const { store, put } = await harness();
    const bytes = pseudoRandom(3 * 1024 * 1024 + 7);
    await put('large', bytes);
    expect(equal(await bytesOf(opened(await store.read('large'))), bytes)).toBe(true);
    const range = { form: 'bounded', start: 1_000_001, end: 2_500_000 } as const;
    expect(
      equal(await bytesOf(opened(await store.read('large', { range }))), bytes.subarray(1_000_001, 2_500_000)),
    ).toBe(true);
  });

  test('cancelled reads do not affect later reads', async () => {
    const { store, put } = await harness();
    await put('large', pseudoRandom(1024 * 1024));
    for (let i = 0; i < 50; i++) await opened(await store.read('large')).body.cancel();
    const object = opened(await store.read('large'));
    const reader = object.body.getReader();
    await reader.read();
    await reader.cancel();
    expect(await bytesOf(opened(await store.read('large')))).toHaveLength(1024 * 1024);
  });

  test('two reads at once do not affect each other', async () => {
    const { store } = await withDigits(harness);
    const first = opened(await store.read('digits', { range: { form: 'bounded', start: 0, end: 5 } }));
    const second = opened(await store.read('digits', { range: { form: 'from', start: 5 } }));
    expect([await textOf(second), await textOf(first)]).toEqual(['56789', '01234']);
  });
}

const FAR = Number.MAX_SAFE_INTEGER;

function describeRanges(harness: () => Promise<StoreHarness>): void {
  const satisfiable: readonly (readonly [RangeSpec, start: number, end: number])[] = [
    [{ form: 'bounded', start: 0, end: 1 }, 0, 1],
    [{ form: 'bounded', start: 2, end: 5 }, 2, 5],
    [{ form: 'bounded', start: 9, end: 10 }, 9, 10],
    [{ form: 'bounded', start: 0, end: 10 }, 0, 10],
    [{ form: 'bounded', start: 8, end: 100 }, 8, 10],
    [{ form: 'bounded', start: 8, end: FAR }, 8, 10],
    [{ form: 'from', start: 0 }, 0, 10],
    [{ form: 'from', start: 9 }, 9, 10],
    [{ form: 'suffix', length: 1 }, 9, 10],
    [{ form: 'suffix', length: 10 }, 0, 10],
    [{ form: 'suffix', length: 11 }, 0, 10],
    [{ form: 'suffix', length: FAR }, 0, 10],
  ];
  test.for(satisfiable)('%o of 10 bytes is %i to %i', async ([range, start, end]) => {
    const { store } = await withDigits(harness);
    const object = opened(await store.read('digits', { range }));
    expect(object.span).toEqual({ start, end });
    expect(object.representation.size).toBe(10);
    expect(await textOf(object)).toBe('0123456789'.slice(start, end));
  });

  const beyond: readonly RangeSpec[] = [
    { form: 'bounded', start: 10, end: 11 },
    { form: 'bounded', start: 10, end: FAR },
    { form: 'bounded', start: 11, end: 12 },
    { form: 'bounded', start: FAR - 1, end: FAR },
    { form: 'from', start: 10 },
    { form: 'from', start: FAR },
    { form: 'suffix', length: 0 },
  ];
  test.for(beyond)('%o of 10 bytes is unsatisfiable', async (range) => {
    const { store } = await withDigits(harness);
    expect((await store.read('digits', { range })).type).toBe('unsatisfiable');
  });

  test.for([
    { form: 'bounded', start: 0, end: 1 },
    { form: 'from', start: 0 },
    { form: 'suffix', length: 5 },
  ] as const)('%o of zero bytes is unsatisfiable', async (range) => {
    const { store, put } = await harness();
    await put('empty', new Uint8Array(0));
    expect((await store.read('empty', { range })).type).toBe('unsatisfiable');
  });
}

function describeConditions(harness: () => Promise<StoreHarness>): void {
  const other: EntityTag = { weak: false, opaque: 'other,tag' };
  const cases: readonly (readonly [
    string,
    ReadResult['type'],
    (r: Representation & { etag: EntityTag }) => ReadOptions,
  ])[] = [
    ['If-Match with the tag', 'open', ({ etag }) => ({ conditions: { ifMatch: [etag] } })],
    ['If-Match with the tag among others', 'open', ({ etag }) => ({ conditions: { ifMatch: [other, etag] } })],
    ['If-Match with another tag', 'version-changed', () => ({ conditions: { ifMatch: [other] } })],
    [
      'If-Match with the tag made weak',
      'version-changed',
      ({ etag }) => ({ conditions: { ifMatch: [{ ...etag, weak: true }] } }),
    ],
    ['If-Match without a tag', 'version-changed', () => ({ conditions: { ifMatch: [] } })],
    [
      'If-Match with another tag, and a range beyond the end',
      'version-changed',
      () => ({ conditions: { ifMatch: [other] }, range: { form: 'from', start: 99 } }),
    ],
    [
      'If-Match with the tag, and a range beyond the end',
      'unsatisfiable',
      ({ etag }) => ({ conditions: { ifMatch: [etag] }, range: { form: 'from', start: 99 } }),
    ],
    ['If-None-Match with the tag', 'unmodified', ({ etag }) => ({ conditions: { ifNoneMatch: [etag] } })],
    [
      'If-None-Match with the tag made weak',
      'unmodified',
      ({ etag }) => ({ conditions: { ifNoneMatch: [other, { ...etag, weak: true }] } }),
    ],
    ['If-None-Match with another tag', 'open', () => ({ conditions: { ifNoneMatch: [other] } })],
    ['If-None-Match without a tag', 'open', () => ({ conditions: { ifNoneMatch: [] } })],
    ['If-None-Match: *', 'unmodified', () => ({ conditions: { ifNoneMatch: '*' } })],
    ['If-Modified-Since the same second', 'unmodified', (r) => ({ conditions: { ifModifiedSince: secondOf(r) } })],
    ['If-Modified-Since a second later', 'unmodified', (r) => ({ conditions: { ifModifiedSince: secondOf(r) + 1 } })],
    ['If-Modified-Since a second before', 'open', (r) => ({ conditions: { ifModifiedSince: secondOf(r) - 1 } })],
    ['If-Unmodified-Since the same second', 'open', (r) => ({ conditions: { ifUnmodifiedSince: secondOf(r) } })],
    ['If-Unmodified-Since a second later', 'open', (r) => ({ conditions: { ifUnmodifiedSince: secondOf(r) + 1 } })],
    [
      'If-Unmodified-Since a second before',
      'version-changed',
      (r) => ({ conditions: { ifUnmodifiedSince: secondOf(r) - 1 } }),
    ],
  ];
  test.for(cases)('%s gives %s', async ([, type, toOptions]) => {
    const { store, representation, etag } = await withDigits(harness);
    const result = await store.read('digits', toOptions({ ...representation, etag }));
    expect(result.type).toBe(type);
    if (result.type === 'open') expect(await textOf(result)).toBe('0123456789');
    // The metadata of the current version, or of the one that matched, must be right.
    if (result.type === 'version-changed') expect(result.representation ?? representation).toEqual(representation);
    if (result.type === 'unmodified') expect(representation).toMatchObject(result.metadata ?? {});
  });
}

function describeVersions(harness: () => Promise<StoreHarness>): void {
  test('the tag changes with each change of the bytes, also in quick succession', async () => {
    const { store, put } = await harness();
    const tags = new Set<string>();
    for (let i = 0; i < 20; i++) {
      await put('changing', new TextEncoder().encode(String(i).padStart(4, '0')));
      tags.add((await store.head('changing'))?.etag?.opaque ?? '');
    }
    expect(tags.size).toBe(20);
  });

  test('a read pinned to a replaced version reports the change', async () => {
    const { store, put, etag } = await withDigits(harness);
    await put('digits', new TextEncoder().encode('9876543210'));
    const result = await store.read('digits', { conditions: { ifMatch: [etag] }, range: { form: 'from', start: 5 } });
    expect(result.type).toBe('version-changed');
    expect(await textOf(opened(await store.read('digits', { range: { form: 'from', start: 5 } })))).toBe('43210');
  });
}

function describeKeys(harness: () => Promise<StoreHarness>): void {
  test.for(AWKWARD_KEYS)('the key %j can be read, and names only its own object', async (key) => {
    const { store, put } = await harness();
    for (const other of AWKWARD_KEYS) if (other !== key) await put(other, DIGITS);
    expect(await store.head(key)).toBeUndefined();
    await put(key, new TextEncoder().encode(key));
    expect(await textOf(opened(await store.read(key)))).toBe(key);
  });

  test.for([
    '',
    '/',
    '.',
    '..',
    '../digits',
    './digits',
    'digits/',
    '/digits',
    '//digits',
    'digits/..',
    'x'.repeat(2000),
    'DIGITS',
    'a\0b',
  ])('the key %j names no object', async (key) => {
    const { store } = await withDigits(harness);
    expect(await store.head(key)).toBeUndefined();
    expect(await store.read(key)).toEqual({ type: 'missing' });
  });
}

function opened(result: ReadResult): OpenObject {
  if (result.type !== 'open') throw new Error(`the read is ${result.type}`);
  return result;
}

async function bytesOf({ body }: OpenObject): Promise<Uint8Array> {
  return new Uint8Array(await new Response(body).arrayBuffer());
}

async function textOf(object: OpenObject): Promise<string> {
  return new TextDecoder().decode(await bytesOf(object));
}

function secondOf({ lastModified }: Representation): number {
  return Math.floor((lastModified?.getTime() ?? 0) / 1000);
}
