import { describe, expect, test } from 'vitest';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import type { PurgedKey, PurgePeers } from '../../../src/gateway/handlers/purge.ts';
import type { DownloadEvent } from '../../../src/observe/event.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../../src/store/object-store.ts';
import { mapCache } from '../../cache/map-cache.ts';

const TOKEN = 'a-token-that-nobody-guesses-0123456789';
const text = (value: string) => new TextEncoder().encode(value);

/** A store in memory, with its number of calls. */
async function counted() {
  const memory = memoryStore();
  await memory.put('dir/a b.txt', text('first'));
  await memory.put('index.html', text('index'));
  let asked = 0;
  const store: ObjectStore = {
    head: (key, options) => (asked++, memory.head(key, options)),
    read: (key, options) => (asked++, memory.read(key, options)),
  };
  return { memory, store, asked: () => asked };
}

const bearer = (token: string) => ({ method: 'PURGE', headers: { Authorization: `Bearer ${token}` } });

async function gatewayWith(who: 'holder' | 'nobody' = 'holder') {
  const a = await counted();
  const b = await counted();
  const cache = mapCache();
  const gateway = createGateway({
    purge: who === 'nobody' ? undefined : { token: TOKEN },
    observers: [{ end: () => undefined }],
    mounts: [
      { path: '/a', store: a.store, cache, index: 'index.html' },
      { path: '/b', store: b.store, cache },
    ],
  });
  return { a, b, gateway };
}

const read = async (gateway: ReturnType<typeof createGateway>, path: string) => (await gateway.request(path)).text();

describe('a purge', () => {
  test('makes the next request read the storage, only for that key of that mount', async () => {
    const { a, b, gateway } = await gatewayWith();
    expect(await read(gateway, '/a/dir/a%20b.txt')).toBe('first');
    expect(await read(gateway, '/b/dir/a%20b.txt')).toBe('first');
    await a.memory.put('dir/a b.txt', text('second'));
    await b.memory.put('dir/a b.txt', text('second'));
    expect(await read(gateway, '/a/dir/a%20b.txt')).toBe('first');

    const purged = await gateway.request('/a/dir/a%20b.txt', bearer(TOKEN));
    expect([purged.status, await purged.text(), a.asked(), b.asked()]).toEqual([204, '', 1, 1]);
    expect(await read(gateway, '/a/dir/a%20b.txt')).toBe('second');
    expect(await read(gateway, '/b/dir/a%20b.txt')).toBe('first');
  });

  test('of a missing object makes the next request find a new object', async () => {
    const { a, gateway } = await gatewayWith();
    expect((await gateway.request('/a/new')).status).toBe(404);
    await a.memory.put('new', text('new'));
    expect((await gateway.request('/a/new')).status).toBe(404);
    expect((await gateway.request('/a/new', bearer(TOKEN))).status).toBe(204);
    expect(await read(gateway, '/a/new')).toBe('new');
  });

  test('of a folder purges its index', async () => {
    const { a, gateway } = await gatewayWith();
    await read(gateway, '/a/');
    await a.memory.put('index.html', text('changed'));
    await gateway.request('/a/', bearer(TOKEN));
    expect(await read(gateway, '/a/')).toBe('changed');
  });

  test.for([
    ['no credentials', undefined],
    ['another token', `Bearer ${TOKEN.replace('9', '8')}`],
    ['a longer token', `Bearer ${TOKEN}0`],
    ['a shorter token', `Bearer ${TOKEN.slice(0, -1)}`],
    ['an empty token', 'Bearer '],
    ['another scheme', `Basic ${TOKEN}`],
    ['the token without a scheme', TOKEN],
    ['a very long token', `Bearer ${'a'.repeat(10_000)}`],
  ] as const)('with %s is the same 401 wherever it goes, and changes nothing', async ([, field]) => {
    const { a, gateway } = await gatewayWith();
    await read(gateway, '/a/dir/a%20b.txt');
    const headers = field === undefined ? {} : { Authorization: field };
    const answers = await Promise.all(
      ['/a/dir/a%20b.txt', '/a/missing', '/nowhere'].map(async (path) => {
        const response = await gateway.request(path, { method: 'PURGE', headers });
        const { requestId: _, ...body }: Record<string, unknown> = JSON.parse(await response.text());
        return [response.status, response.headers.get('WWW-Authenticate'), body];
      }),
    );
    const [first] = answers;
    expect(first).toEqual([401, 'Bearer realm="purge"', expect.objectContaining({ status: 401 })]);
    expect(answers).toEqual([first, first, first]);
    await a.memory.put('dir/a b.txt', text('second'));
    expect(await read(gateway, '/a/dir/a%20b.txt')).toBe('first');
    expect(a.asked()).toBe(1);
  });

  test('is 405 without the setting purge, and Allow does not list PURGE', async () => {
    const { gateway } = await gatewayWith('nobody');
    const refused = await gateway.request('/a/dir/a%20b.txt', bearer(TOKEN));
    expect([refused.status, refused.headers.get('Allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    const open = await gatewayWith();
    const other = await open.gateway.request('/a/dir/a%20b.txt', { method: 'POST' });
    expect([other.status, other.headers.get('Allow')]).toEqual([405, 'GET, HEAD, OPTIONS, PURGE']);
  });

  test('of an unsafe path, or of a path without a mount, is refused', async () => {
    const { gateway } = await gatewayWith();
    expect((await gateway.request('/a/%00', bearer(TOKEN))).status).toBe(400);
    expect((await gateway.request('/nowhere', bearer(TOKEN))).status).toBe(404);
  });

  test.for([
    ['too short', 'x'.repeat(31)],
    ['too long', 'x'.repeat(1025)],
    ['with spaces', `${'x'.repeat(32)} y`],
  ])('a token %s is refused at start, and not printed', ([, token = '']) => {
    const make = () => createGateway({ store: memoryStore(), purge: { token } });
    expect(make).toThrow(/^purge\.token: the token takes 32 to 1024 letters, digits/);
    expect(make).not.toThrow(token);
  });
});

describe('a purge in one of two processes', () => {
  /** Connects two gateways over the same store, each with a cache of its own. */
  async function connected() {
    const { memory, store } = await counted();
    const listeners: ((purged: PurgedKey) => void)[] = [];
    const sent: PurgedKey[] = [];
    const events: DownloadEvent[] = [];
    const open = (peers: PurgePeers) =>
      createGateway({
        purge: { token: TOKEN, peers },
        observers: [{ end: (event) => void events.push(event) }],
        mounts: [{ path: '/a', host: 'files.test', store, cache: mapCache() }],
      });
    const there = open({
      publish: () => Promise.resolve(),
      subscribe: (listener) => void listeners.push(listener),
    });
    const here = open({
      publish: async (purged) => {
        sent.push(purged);
        for (const listener of listeners) listener(purged);
      },
      subscribe: () => undefined,
    });
    const broken = open({ publish: () => Promise.reject(new Error('no confirmation')), subscribe: () => undefined });
    return { memory, here, there, broken, sent, events };
  }
  const url = 'http://files.test/a/dir/a%20b.txt';

  test('reaches the other one before it is answered', async () => {
    const { memory, here, there, sent } = await connected();
    expect(await read(there, url)).toBe('first');
    await memory.put('dir/a b.txt', text('second'));
    expect(await read(there, url)).toBe('first');
    expect((await here.request(url, bearer(TOKEN))).status).toBe(204);
    expect(sent).toEqual([{ path: '/a', host: 'files.test', key: 'dir/a b.txt' }]);
    expect(await read(there, url)).toBe('second');
  });

  test('is answered 503 without a confirmation, and the log has the cause', async () => {
    const { broken, events } = await connected();
    const response = await broken.request(url, bearer(TOKEN));
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '1']);
    expect(await response.text()).not.toContain('confirmation');
    expect(events.at(-1)?.cause).toMatchObject({ message: 'no confirmation' });
  });

  test('is not passed on without the token', async () => {
    const { here, sent } = await connected();
    expect((await here.request(url, bearer('another-token-0123456789-0123456789'))).status).toBe(401);
    expect(sent).toEqual([]);
  });
});
