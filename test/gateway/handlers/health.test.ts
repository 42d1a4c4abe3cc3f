import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGateway, type GatewayBaseOptions } from '../../../src/gateway/create-gateway.ts';
import { fsStore } from '../../../src/store/drivers/fs/fs-store.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../../src/store/object-store.ts';
import { storeError } from '../../../src/store/store-error.ts';
import { recordingObserver } from '../recording-observer.ts';
import { storeDouble } from '../store-double.ts';

const failing = (): ObjectStore =>
  storeDouble({ head: () => Promise.reject(storeError('unavailable', 'secret host name')) });

function open(store: ObjectStore, options: GatewayBaseOptions = {}) {
  return createGateway({ store, ...options });
}

describe('/.rangeway/health', () => {
  test.each(['GET', 'HEAD'])('is answered to %s without a storage that works', async (method) => {
    const response = await open(failing()).request('/.rangeway/health', { method });
    expect(response.status).toBe(200);
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    expect(response.headers.get('Content-Length')).toBe('16');
    expect(await response.text()).toBe(method === 'HEAD' ? '' : '{"status":"ok"}\n');
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PURGE'])('is not allowed for %s', async (method) => {
    for (const name of ['health', 'ready']) {
      const response = await open(memoryStore()).request(`/.rangeway/${name}`, { method });
      expect([response.status, response.headers.get('Allow')]).toEqual([405, 'GET, HEAD']);
    }
  });

  test('is there for each host, below the path of the gateway, and takes no room from downloads', async () => {
    const store = memoryStore();
    await store.put('a', new Uint8Array(10));
    const limits = { downloads: 1 };
    const gateway = createGateway({ mounts: [{ host: 'files.example.com', path: '/x', store }], limits });
    const app = new Hono().route('/files', gateway);
    // Its body is not read, so the only slot is taken.
    const running = await app.request('http://files.example.com/files/x/a');
    const refused = await app.request('http://files.example.com/files/x/a');
    const healthy = await app.request('http://10.0.0.1/files/.rangeway/health');
    expect([running.status, refused.status, healthy.status]).toEqual([200, 503, 200]);
    await running.arrayBuffer();
  });

  test('is not logged', async () => {
    const observer = recordingObserver();
    const gateway = open(memoryStore(), { observers: [observer] });
    await gateway.request('/.rangeway/health');
    await gateway.request('/.rangeway/ready');
    await gateway.request('/missing');
    expect(observer.ends.map(({ key }) => key)).toEqual(['missing']);
  });

  test('is only the address as it is written', async () => {
    for (const path of ['/.rangeway/healthy', '/.rangeway/HEALTH', '/a/.rangeway/health']) {
      expect((await open(memoryStore()).request(path)).status).toBe(404);
    }
  });
});

describe('/.rangeway/ready', () => {
  test.each(['GET', 'HEAD'])('is answered to %s if all storages answer', async (method) => {
    const response = await open(memoryStore()).request('/.rangeway/ready', { method });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(method === 'HEAD' ? '' : '{"status":"ready"}\n');
  });

  test.each(['GET', 'HEAD'])('is answered 503 to %s if one storage fails, without a detail', async (method) => {
    const mounts = [{ store: memoryStore() }, { path: '/b', store: failing() }];
    const response = await createGateway({ mounts }).request('/.rangeway/ready', { method });
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '5']);
    expect(await response.text()).not.toMatch(/secret|\/b|StoreError/);
  });

  test('is answered 503 from the moment that the process is about to stop', async () => {
    const draining = new AbortController();
    const gateway = open(memoryStore(), { draining: draining.signal });
    expect((await gateway.request('/.rangeway/ready')).status).toBe(200);
    draining.abort();
    expect((await gateway.request('/.rangeway/ready')).status).toBe(503);
    expect((await gateway.request('/.rangeway/health')).status).toBe(200);
  });

  test('asks the storage of several mounts once, past caches and prefixes', async () => {
    const asked: string[] = [];
    const store = storeDouble({
      head(key) {
        asked.push(key);
        return undefined;
      },
    });
    const gateway = createGateway({ mounts: [{ store }, { path: '/b', prefix: 'b/', store }] });
    await gateway.request('/.rangeway/ready');
    expect(asked).toEqual(['rangeway-ready']);
  });
});

describe('a folder', () => {
  let base: string;
  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'rangeway-ready-'));
  });
  afterAll(() => rm(base, { recursive: true, force: true }));

  test('that has vanished is not ready, although each file would only be missing', async () => {
    const folder = await mkdtemp(join(base, 'a-'));
    expect((await open(fsStore(folder)).request('/.rangeway/ready')).status).toBe(200);
    await rename(folder, `${folder}-gone`);
    expect((await open(fsStore(folder)).request('/.rangeway/ready')).status).toBe(503);
  });
});
