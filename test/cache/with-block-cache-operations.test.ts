import { beforeEach, describe, expect, test } from 'vitest';
import type { BlockCache } from '../../src/cache/block-cache.ts';
import { memoryCache } from '../../src/cache/drivers/memory.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { logObserver, type LogEntry } from '../../src/observe/log.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { equal, pseudoRandom } from '../contract/bytes.ts';
import { counted } from '../store/counted-store.ts';
import { mapCache } from './map-cache.ts';
import { expectNoUnhandledRejections } from '../unhandled-rejections.ts';

expectNoUnhandledRejections();

const SIZE = 1_000_000;
const bytes = pseudoRandom(SIZE);
const newer = bytes.toReversed();

async function setUp(cache: BlockCache = mapCache()) {
  const memory = memoryStore();
  const { etag, lastModified } = await memory.put('key', bytes);
  await memory.put('empty', new Uint8Array(0));
  const storage = counted(memory);
  const entries: LogEntry[] = [];
  const gateway = createGateway({
    store: storage,
    cache,
    blocks: { size: 64 * 1024 },
    observers: [logObserver((entry) => entries.push(entry))],
  });
  const tag = `"${etag?.opaque}"`;
  const facts: Readonly<Record<string, string>> = { '{tag}': tag, '{date}': lastModified?.toUTCString() ?? '' };
  async function ask(headers: Readonly<Record<string, string>> = {}, method = 'GET', key = 'key') {
    const before = storage.operations;
    const filled = Object.entries(headers).map(([name, value]) => [name, facts[value] ?? value]);
    const response = await gateway.request(`/${key}`, { method, headers: Object.fromEntries(filled) });
    const body = new Uint8Array(await response.arrayBuffer());
    const operations = storage.operations - before;
    // The log has the same count of operations as the storage.
    expect(entries.at(-1)?.storageReads).toBe(operations);
    return { status: response.status, headers: response.headers, body, operations };
  }
  return { memory, ask };
}

type Setting = Awaited<ReturnType<typeof setUp>>;

const warm: readonly (readonly [
  name: string,
  status: number,
  headers: Readonly<Record<string, string>>,
  method?: string,
])[] = [
  ['whole', 200, {}],
  ['bounded', 206, { Range: 'bytes=5-99999' }],
  ['a few bytes', 206, { Range: 'bytes=5-9' }],
  ['from', 206, { Range: 'bytes=999000-' }],
  ['from the beginning', 206, { Range: 'bytes=0-' }],
  ['suffix', 206, { Range: 'bytes=-100' }],
  ['long suffix', 206, { Range: 'bytes=-500000' }],
  ['endless suffix', 206, { Range: 'bytes=-99999999' }],
  ['several', 206, { Range: 'bytes=0-9,500000-500009,999990-999999' }],
  ['several, descending', 206, { Range: 'bytes=500000-500009,0-9' }],
  ['suffix first', 206, { Range: 'bytes=-10,0-9' }],
  ['If-Range, tag', 206, { Range: 'bytes=5-', 'If-Range': '{tag}' }],
  ['If-Match', 206, { Range: 'bytes=5-', 'If-Match': '{tag}' }],
  ['If-Match, *', 200, { 'If-Match': '*' }],
  ['If-None-Match', 304, { 'If-None-Match': '{tag}' }],
  ['If-None-Match, *', 304, { 'If-None-Match': '*' }],
  ['If-None-Match, other', 200, { 'If-None-Match': '"other"' }],
  ['If-Modified-Since', 304, { 'If-Modified-Since': '{date}' }],
  ['beyond the end', 416, { Range: 'bytes=9999999-' }],
  ['no suffix', 416, { Range: 'bytes=-0' }],
  ['HEAD', 200, {}, 'HEAD'],
  ['HEAD, If-None-Match', 304, { 'If-None-Match': '{tag}' }, 'HEAD'],
  ['HEAD, If-Match', 200, { 'If-Match': '{tag}' }, 'HEAD'],
];

describe('a warm cache', () => {
  test.for(warm)('%s: %i and no storage operation', async ([, status, headers, method]) => {
    const { ask } = await setUp();
    await ask();
    const answer = await ask(headers, method);
    expect([answer.status, answer.operations]).toEqual([status, 0]);
    if (status === 200 && method !== 'HEAD') expect(equal(answer.body, bytes)).toBe(true);
  });
});

describe('a cold cache, number of storage operations', () => {
  test.for([
    ['suffix', { Range: 'bytes=-100' }, 1],
    ['long suffix', { Range: 'bytes=-500000' }, 1],
    ['a few bytes', { Range: 'bytes=5-9' }, 1],
    ['bounded', { Range: 'bytes=5-99999' }, 1],
    ['from, near the end', { Range: 'bytes=999000-' }, 1],
    ['304', { 'If-None-Match': '{tag}' }, 1],
    ['416', { Range: 'bytes=9999999-' }, 1],
    ['412', { 'If-Match': '"other"' }, 1],
    ['whole', {}, 1],
  ] as const)('%s', async ([, headers, operations]) => {
    const { ask } = await setUp();
    expect((await ask(headers)).operations).toBe(operations);
  });

  test('a whole small object: 1, and then none', async () => {
    const { memory, ask } = await setUp();
    await memory.put('key', bytes.slice(0, 300_000));
    const first = await ask();
    expect([equal(first.body, bytes.subarray(0, 300_000)), first.operations]).toEqual([true, 1]);
    expect((await ask()).operations).toBe(0);
  });

  test('an empty object: 1, and then none', async () => {
    const { ask } = await setUp();
    expect(await ask({}, 'GET', 'empty')).toMatchObject({ status: 200, operations: 1 });
    expect(await ask({}, 'GET', 'empty')).toMatchObject({ status: 200, operations: 0 });
  });

  test('a missing object: 1, and then none', async () => {
    const { ask } = await setUp();
    expect(await ask({}, 'GET', 'missing')).toMatchObject({ status: 404, operations: 1 });
    expect(await ask({}, 'GET', 'missing')).toMatchObject({ status: 404, operations: 0 });
    expect(await ask({ Range: 'bytes=-5' }, 'HEAD', 'missing')).toMatchObject({ status: 404, operations: 0 });
  });

  test('a second request for a few bytes stores their block; a third one costs none', async () => {
    const { ask } = await setUp();
    const range = { Range: 'bytes=70000-70009' };
    const costs = [await ask(range), await ask(range), await ask(range), await ask({ Range: 'bytes=65536-131071' })];
    expect(costs.map(({ operations }) => operations)).toEqual([1, 1, 0, 0]);
  });

  test('a block that was hit for a few bytes and then evicted is stored again with 1', async () => {
    // The cache has space for half of the object.
    const { ask } = await setUp(memoryCache({ maxBytes: SIZE / 2 }));
    const range = { Range: 'bytes=999000-999009' };
    const asks = [{}, range, { Range: 'bytes=0-599999' }, range, range];
    const costs: number[] = [];
    for (const headers of asks) costs.push((await ask(headers)).operations);
    expect(costs.slice(1)).toEqual([0, expect.any(Number), 1, 0]);
  });
});

describe('a client that knows a newer version than the cache', () => {
  let setting: Setting;
  let tag: string;
  beforeEach(async () => {
    setting = await setUp();
    await setting.ask();
    const { etag } = await setting.memory.put('key', newer);
    tag = `"${etag?.opaque}"`;
  });

  test.for([
    ['If-Match', 200, (known: string) => ({ 'If-Match': known }), 'GET'],
    ['If-Match and a range', 206, (known: string) => ({ 'If-Match': known, Range: 'bytes=5-' }), 'GET'],
    [
      'If-Match and ranges that descend',
      206,
      (known: string) => ({ 'If-Match': known, Range: 'bytes=900-,0-9' }),
      'GET',
    ],
    ['If-Range', 206, (known: string) => ({ 'If-Range': known, Range: 'bytes=5-' }), 'GET'],
    ['If-Range and a suffix', 206, (known: string) => ({ 'If-Range': known, Range: 'bytes=-700000' }), 'GET'],
    [
      'If-Range and ranges that descend',
      206,
      (known: string) => ({ 'If-Range': known, Range: 'bytes=900-909,0-9' }),
      'GET',
    ],
    ['HEAD and If-Match', 200, (known: string) => ({ 'If-Match': known }), 'HEAD'],
  ] as const)('%s: gets it', async ([, status, toHeaders, method]) => {
    const answer = await setting.ask(toHeaders(tag), method);
    expect([answer.status, answer.headers.get('ETag')]).toEqual([status, tag]);
    if (answer.headers.get('Content-Range')?.startsWith('bytes 5-') === true)
      expect(equal(answer.body, newer.subarray(5))).toBe(true);
    // From then on for every client.
    expect(equal((await setting.ask()).body, newer)).toBe(true);
  });

  test.for([
    ['If-Match', 412, (known: string) => ({ 'If-Match': known })],
    ['If-Range', 200, (known: string) => ({ 'If-Range': known, Range: 'bytes=5-' })],
  ] as const)('%s with a tag of no version costs one operation, and forgets nothing', async ([, status, toHeaders]) => {
    await setting.ask({ 'If-Match': tag });
    await setting.ask();
    const answer = await setting.ask(toHeaders('"never"'));
    expect([answer.status, answer.operations]).toEqual([status, 1]);
    expect((await setting.ask()).operations).toBe(0);
  });
});
