import { describe, expect, test } from 'vitest';
import { memoryCache } from '../../src/cache/drivers/memory.ts';
import { parseConfig } from '../../src/config/config.ts';
import { portableBodyPipe } from '../../src/gateway/download/body-pipe.ts';
import { createGateway, type GatewayOptions } from '../../src/gateway/create-gateway.ts';
import { logObserver, type LogEntry } from '../../src/observe/log.ts';
import { checkConfig } from '../../src/platform/checked-config.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import { equal, pseudoRandom } from '../contract/bytes.ts';
import { counted } from '../store/counted-store.ts';

const MiB = 1024 * 1024;
const SIZE = 1_000_000;
const PART = 64 * 1024;
const BYTES = pseudoRandom(SIZE);

async function gatewayWith(options: Partial<GatewayOptions>) {
  const memory = memoryStore();
  await memory.put('key', BYTES);
  const store = counted(memory, 1);
  return { store, gateway: createGateway({ store, observers: [], ...options }) };
}

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

describe('the setting parallelReads', () => {
  test.each([
    [{}, undefined],
    [{ parallelReads: false }, false],
    [{ parallelReads: 4 }, { connections: 4, partSize: 8 * MiB }],
    [{ parallelReads: {} }, { connections: 4, partSize: 8 * MiB }],
    [{ parallelReads: { connections: 2 } }, { connections: 2, partSize: 8 * MiB }],
    [{ parallelReads: { partSize: PART } }, { connections: 4, partSize: PART }],
  ] as const)('%o comes to %o', (config, expected) => {
    expect(parseConfig(config).mounts[0]?.parallelReads).toEqual(expected);
    // The parsed value is passed to a mount, which validates it again.
    const { mounts } = parseConfig({ ...config, mounts: [{}, { path: '/a', parallelReads: false }] });
    expect(mounts.map(({ parallelReads }) => parallelReads)).toEqual([expected, false]);
  });

  test.each([
    [1, /parallelReads: takes/],
    [0, /parallelReads: takes/],
    [17, /parallelReads: takes/],
    [2.5, /parallelReads: takes/],
    [true, /parallelReads: takes false, a number of connections from 2 to 16, or a table/],
    ['4', /parallelReads: takes false/],
    [null, /parallelReads: takes false/],
    [[4], /parallelReads: takes false/],
    [{ connections: 1 }, /parallelReads\.connections: takes a whole number from 2 to 16 \(connections\)/],
    [{ connections: 17 }, /parallelReads\.connections: takes/],
    [{ partSize: 65_535 }, /parallelReads\.partSize: takes a whole number from 65536 to 1073741824 \(bytes\)/],
    [{ parts: 3 }, /parallelReads\.parts: no such field; there are connections, partSize/],
  ])('%o is refused in a configuration and in code', async (parallelReads, message) => {
    const input: object = { parallelReads };
    expect(() => parseConfig(input)).toThrow(message);
    await expect(gatewayWith(input)).rejects.toThrow(message);
  });

  test('more connections than the platform allows are refused, above the mounts and in a mount', async () => {
    const bodyPipe = { ...portableBodyPipe, maxParallelReads: 4 };
    const store = memoryStore();
    await gatewayWith({ bodyPipe, parallelReads: 4 });
    await expect(gatewayWith({ bodyPipe, parallelReads: 5 })).rejects.toThrow(
      /^parallelReads: takes 4 connections at the most on this platform, not 5/,
    );
    expect(() => createGateway({ bodyPipe, mounts: [{ store }, { store, path: '/a', parallelReads: 16 }] })).toThrow(
      /^mounts\.1\.parallelReads: takes 4 connections/,
    );
    const config = parseConfig({ parallelReads: 8, mounts: [{ parallelReads: 2 }, { path: '/a' }] });
    checkConfig(config);
    expect(() => checkConfig(config, 'workers')).toThrow(/^mounts\.1\.parallelReads: takes 4 connections/);
  });
});

describe('a gateway with parallelReads', () => {
  const parallelReads = { connections: 3, partSize: PART };

  test('reads an object through several connections, and logs the operations', async () => {
    const entries: LogEntry[] = [];
    const observers = [logObserver((entry) => void entries.push(entry))];
    const { store, gateway } = await gatewayWith({ parallelReads, observers });
    expect(equal(await bytesOf(await gateway.request('/key')), BYTES)).toBe(true);
    const storageReads = Math.ceil(SIZE / PART);
    expect(store).toMatchObject({ operations: storageReads, mostOpen: 3, open: 0 });
    expect(entries).toMatchObject([{ outcome: 'complete', storageReads, bytesSent: SIZE }]);
  });

  test('reads through one connection without the setting', async () => {
    for (const options of [{}, { parallelReads: false }] as const) {
      const { store, gateway } = await gatewayWith(options);
      expect(equal(await bytesOf(await gateway.request('/key')), BYTES)).toBe(true);
      expect(store).toMatchObject({ operations: 1, mostOpen: 1, open: 0 });
    }
  });

  test('reads through a cache above it, which then has all blocks', async () => {
    const { store, gateway } = await gatewayWith({
      parallelReads,
      cache: memoryCache({ maxBytes: 16 * MiB }),
      blocks: { size: 256 * 1024 },
    });
    expect(equal(await bytesOf(await gateway.request('/key')), BYTES)).toBe(true);
    const { operations } = store;
    expect(operations).toBeGreaterThan(1);
    expect(equal(await bytesOf(await gateway.request('/key')), BYTES)).toBe(true);
    expect(store.operations).toBe(operations);
    expect(store.open).toBe(0);
  });

  test('serves small ranges, HEAD, 304, 412 and 416 with one operation each', async () => {
    const { store, gateway } = await gatewayWith({ parallelReads });
    const etag = (await gateway.request('/key', { method: 'HEAD' })).headers.get('etag') ?? '';
    const asks: readonly (readonly [number, Record<string, string>])[] = [
      [206, { range: 'bytes=100-999' }],
      [206, { range: 'bytes=-70000' }],
      [304, { 'if-none-match': etag }],
      [412, { 'if-match': '"other"' }],
      [416, { range: `bytes=${SIZE}-` }],
    ];
    for (const [status, headers] of asks) {
      store.operations = 0;
      const response = await gateway.request('/key', { headers });
      await bytesOf(response);
      expect([response.status, store.operations]).toEqual([status, 1]);
    }
    expect(store.open).toBe(0);
  });
});
