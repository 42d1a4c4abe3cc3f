import * as v from 'valibot';
import { beforeEach, describe, expect, test } from 'vitest';
import { createGateway } from '../../../src/gateway/create-gateway.ts';
import {
  DeletedSchema,
  DownloadsSchema,
  TransferDetailsSchema,
  TransfersPageSchema,
} from '../../../src/gateway/handlers/transfers-schema.ts';
import { trackTransfers } from '../../../src/observe/transfers.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import { memoryTransferStore } from '../../../src/transfers/drivers/memory.ts';
import type { TransferStore } from '../../../src/transfers/transfer-store.ts';
import { Hono } from 'hono';

const TOKEN = 'a'.repeat(32);
const AUTHORIZED = { headers: { Authorization: `Bearer ${TOKEN}` } };

async function openGateway(store: TransferStore = memoryTransferStore()) {
  const objects = memoryStore();
  await objects.put('file.bin', new Uint8Array(100));
  let ended = 0;
  const warnings: string[] = [];
  const transfers = trackTransfers({ store, warn: (message) => warnings.push(message) });
  const app = createGateway({
    store: objects,
    transfers,
    admin: { token: TOKEN },
    observers: [{ end: () => void ended++ }],
    clientAddress: (request) => request.headers.get('X-Address') ?? '192.0.2.1',
  });
  const fetch = async (path: string, init?: RequestInit) => app.fetch(new Request(`http://any.example${path}`, init));
  /** Downloads, and waits until the store has it. */
  const download = async (range?: string, address = '192.0.2.1') => {
    const before = ended;
    const response = await fetch('/file.bin', { headers: { 'X-Address': address, ...(range && { Range: range }) } });
    await response.arrayBuffer();
    await expect.poll(() => ended).toBe(before + 1);
    await transfers.flush();
  };
  const read = async <const Schema extends v.GenericSchema>(schema: Schema, path: string, init: RequestInit = {}) => {
    const response = await fetch(path, { ...init, ...AUTHORIZED });
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toBe('application/json');
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    return v.parse(schema, await response.json());
  };
  return { app, fetch, download, read, warnings, transfers };
}

let gateway: Awaited<ReturnType<typeof openGateway>>;
beforeEach(async () => {
  gateway = await openGateway();
});

describe('GET transfers', () => {
  test('lists them, newest first', async () => {
    await gateway.download('bytes=0-39');
    await gateway.download('bytes=40-99');
    const { transfers, cursor } = await gateway.read(TransfersPageSchema, '/.rangeway/transfers');
    expect(cursor).toBeNull();
    expect(transfers).toEqual([
      expect.objectContaining({
        mount: '/',
        key: 'file.bin',
        etag: expect.stringMatching(/^"/),
        size: 100,
        complete: 1,
        requests: 2,
      }),
    ]);
    expect(transfers[0]?.reader).toMatch(/^client:[\da-f]{32}$/);
    expect(JSON.stringify(transfers)).not.toContain('192.0.2');
  });
  test('pages with a signed cursor, of the same filter only', async () => {
    for (let i = 0; i < 5; i++) await gateway.download('bytes=0-9', `192.0.2.${i}`);
    const seen = new Set<string>();
    let query = 'limit=2&key=file.bin';
    for (let page = 0; page < 3; page++) {
      const { transfers, cursor } = await gateway.read(TransfersPageSchema, `/.rangeway/transfers?${query}`);
      for (const { id } of transfers) seen.add(id);
      expect(cursor === null).toBe(page === 2);
      query = `limit=2&key=file.bin&cursor=${cursor}`;
      if (cursor === null) break;
      const other = `${cursor.slice(0, -1)}${cursor.endsWith('A') ? 'Q' : 'A'}`;
      for (const wrong of [`key=file.bin&cursor=${other}`, `key=b&cursor=${cursor}`, `cursor=${cursor}`, 'cursor=x']) {
        expect((await gateway.fetch(`/.rangeway/transfers?${wrong}`, AUTHORIZED)).status).toBe(400);
      }
    }
    expect(seen.size).toBe(5);
  });
  test('filters', async () => {
    await gateway.download();
    for (const [query, count] of [
      ['state=complete', 1],
      ['state=active', 0],
      ['key=file.bin&mount=/', 1],
      ['key=other', 0],
      ['mount=/other', 0],
      ['reader=none', 0],
    ] as const) {
      expect((await gateway.read(TransfersPageSchema, `/.rangeway/transfers?${query}`)).transfers).toHaveLength(count);
    }
  });
});

describe('one transfer', () => {
  test('is read with its intervals, and deleted', async () => {
    await gateway.download('bytes=10-19');
    const [transfer] = (await gateway.read(TransfersPageSchema, '/.rangeway/transfers')).transfers;
    const path = `/.rangeway/transfers/${transfer?.id}`;
    expect(await gateway.read(TransferDetailsSchema, path)).toEqual({ ...transfer, intervals: [[10, 20, 1]] });
    const deleted = await gateway.fetch(path, { method: 'DELETE', ...AUTHORIZED });
    expect([deleted.status, await deleted.text()]).toEqual([204, '']);
    for (const method of ['GET', 'DELETE']) {
      expect((await gateway.fetch(path, { method, ...AUTHORIZED })).status).toBe(404);
    }
  });
  test('all of a reader are deleted', async () => {
    await gateway.download();
    const [transfer] = (await gateway.read(TransfersPageSchema, '/.rangeway/transfers')).transfers;
    const path = `/.rangeway/transfers?reader=${transfer?.reader}`;
    expect(await gateway.read(DeletedSchema, path, { method: 'DELETE' })).toEqual({ deleted: 1 });
    expect(await gateway.read(DeletedSchema, path, { method: 'DELETE' })).toEqual({ deleted: 0 });
    const all = await gateway.fetch('/.rangeway/transfers', { method: 'DELETE', ...AUTHORIZED });
    expect(all.status).toBe(400);
  });
});

describe('GET downloads', () => {
  test('counts today and the days before', async () => {
    await gateway.download();
    await gateway.download('bytes=0-1', '192.0.2.2');
    const day = new Date().toISOString().slice(0, 10);
    const { downloads, truncated } = await gateway.read(DownloadsSchema, '/.rangeway/downloads?prefix=file');
    expect(truncated).toBe(false);
    expect(downloads).toEqual([
      { mount: '/', key: 'file.bin', day, complete: 1, started: 2, redirected: 0, bytes: 102, readers: 2 },
    ]);
    const { downloads: none } = await gateway.read(
      DownloadsSchema,
      '/.rangeway/downloads?to=2020-01-01&from=2019-01-01',
    );
    expect(none).toEqual([]);
  });
});

describe('a request', () => {
  const wrong: readonly (readonly [path: string, detail: string])[] = [
    ['transfers?limit=0', 'limit: takes a whole number from 1 to 1000'],
    ['transfers?limit=1001', 'limit: takes a whole number from 1 to 1000'],
    ['transfers?limit=1&limit=2', 'limit: appears more than once'],
    ['transfers?state=done', 'state: takes "active", "paused" or "complete"'],
    ['transfers?kye=a', 'kye: no such parameter'],
    ['transfers/x?key=a', 'key: no such parameter'],
    ['downloads?from=yesterday', 'from: takes a day such as "2026-11-29"'],
    [`downloads?key=${'a'.repeat(5_000)}`, 'key: takes 4,096 characters at the most'],
  ];
  test.each(wrong)('for %s is refused', async (path, detail) => {
    const response = await gateway.fetch(`/.rangeway/${path}`, AUTHORIZED);
    expect(response.status).toBe(400);
    expect(response.headers.get('Content-Type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ status: 400, detail });
  });
  test('without the token learns nothing', async () => {
    for (const path of ['transfers', 'transfers/x', 'downloads', 'transfers?limit=0']) {
      for (const headers of [undefined, { Authorization: `Bearer ${'b'.repeat(32)}` }]) {
        const response = await gateway.fetch(`/.rangeway/${path}`, headers && { headers });
        expect(response.status).toBe(401);
        expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="rangeway"');
      }
    }
  });
  test('for another method', async () => {
    const post = await gateway.fetch('/.rangeway/transfers', { method: 'POST', ...AUTHORIZED });
    expect([post.status, post.headers.get('Allow')]).toEqual([405, 'GET, HEAD, DELETE']);
    const head = await gateway.fetch('/.rangeway/transfers', { method: 'HEAD', ...AUTHORIZED });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });
  test('for another address below it is answered 404, in any spelling', async () => {
    for (const path of ['/x', '/transfers/a/b', '/downloads/x', '/pieces/file.bin']) {
      expect((await gateway.fetch(`/.rangeway${path}`, AUTHORIZED)).status).toBe(404);
    }
    expect((await gateway.fetch('/%2Erangeway/transfers', AUTHORIZED)).status).toBe(200);
  });
  test('is answered below the path where the gateway is mounted', async () => {
    await gateway.download();
    const outer = new Hono().route('/files', gateway.app);
    const response = await outer.request('/files/.rangeway/transfers', AUTHORIZED);
    expect(response.status).toBe(200);
    expect((await outer.request('/.rangeway/transfers', AUTHORIZED)).status).toBe(404);
  });
});

test('no store has a key below .rangeway/', async () => {
  const objects = memoryStore();
  await objects.put('.rangeway/a', new Uint8Array(1));
  await objects.put('.rangeway.txt', new Uint8Array(1));
  const app = createGateway({ store: objects, observers: [] });
  for (const path of ['.rangeway/a', '%2erangeway/a', '.rangeway%2Fa', '.rangeway']) {
    expect((await app.request(`/${path}`)).status).toBe(404);
  }
  expect((await app.request('/.rangeway.txt')).status).toBe(200);
});

test('a store that fails is answered 503, and downloads go on', async () => {
  const failing = async () => {
    throw new Error('disk full');
  };
  const broken = { ...memoryTransferStore(), write: failing, list: failing };
  const { fetch, download, warnings, transfers } = await openGateway(broken);
  await download();
  await download();
  expect((await fetch('/.rangeway/transfers', AUTHORIZED)).status).toBe(503);
  expect(transfers.lost()).toBe(4);
  expect(warnings).toEqual([expect.stringContaining('disk full')]);
});

test('a purge takes the same token', async () => {
  const purge = await gateway.fetch('/file.bin', { method: 'PURGE', ...AUTHORIZED });
  expect(purge.status).toBe(204);
});

test('two tokens are refused', () => {
  const options = { store: memoryStore(), admin: { token: TOKEN }, purge: { token: 'b'.repeat(32) } };
  expect(() => createGateway(options)).toThrow('purge: has no effect beside admin');
});
