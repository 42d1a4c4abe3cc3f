import { describe, expect, test } from 'vitest';
import type { DownloadEvent } from '../../src/observe/event.ts';
import { trackTransfers } from '../../src/observe/transfers.ts';
import { newRequestStats } from '../../src/store/request-stats.ts';
import { durableObjectTransferStore, type TransferShardStub } from '../../src/transfers/drivers/durable-object.ts';
import { memoryTransferStore } from '../../src/transfers/drivers/memory.ts';
import { transferStoreBusy, type TransferChange, type TransferStore } from '../../src/transfers/transfer-store.ts';

let serials = 0;

function event(fields: Partial<DownloadEvent> = {}): DownloadEvent {
  const span = { start: 0, end: 100 };
  return {
    requestId: 'chosen-by-a-client',
    serial: serials++,
    traceId: undefined,
    received: new Date(),
    method: 'GET',
    mount: { path: '/m', host: 'a.example' },
    key: 'a',
    etag: '"v"',
    size: 100,
    range: undefined,
    asked: [span],
    status: 200,
    client: '192.0.2.1',
    downloadId: undefined,
    user: undefined,
    userAgent: 'curl',
    outcome: 'complete',
    delivered: [span],
    bytesSent: 100,
    bytesRead: 100,
    durationMs: 5,
    stats: newRequestStats(),
    cause: undefined,
    ...fields,
  };
}

/** A store that collects changes for some ms, and records its turns. */
function recordingStore(write: (turn: readonly TransferChange[]) => Promise<void> = async () => undefined) {
  const turns: (readonly TransferChange[])[] = [];
  const store: TransferStore = {
    ...memoryTransferStore(),
    turnTime: 5,
    async write(changes) {
      await write(changes);
      turns.push(changes);
    },
  };
  return { store, turns };
}

describe('an overloaded Durable Object', () => {
  test('loses its own changes alone, and recovers', async () => {
    const stores = [memoryTransferStore(), memoryTransferStore()];
    const overloaded = Object.assign(new Error('Durable Object is overloaded. Too many requests queued.'), {
      overloaded: true,
    });
    let isOverloaded = true;
    const shard = (index: number): TransferShardStub => {
      const store = stores[index] ?? memoryTransferStore();
      const write: TransferShardStub['write'] = (changes) =>
        isOverloaded && index === 0 ? Promise.reject(overloaded) : store.write(changes);
      return { ...store, write, find: (id) => store.get(id) };
    };
    const warnings: string[] = [];
    const store = durableObjectTransferStore({ shard, shards: 2 });
    const { observer, flush, lost } = trackTransfers({ store, warn: (text) => warnings.push(text) });
    const download = (downloadId: string) => {
      const one = event({ downloadId });
      void observer.start?.(one);
      void observer.end(one);
    };
    const readers = Array.from({ length: 20 }, (_, i) => `${i}`);
    readers.forEach(download);
    await flush();
    const kept = await store.list({}, 100);
    expect(kept.length).toBeGreaterThan(0);
    expect(lost()).toBe(2 * (20 - kept.length));
    expect(warnings).toEqual([expect.stringMatching(/not stored, downloads go on: .*overloaded/)]);
    isOverloaded = false;
    readers.forEach(download);
    await flush();
    expect(await store.list({}, 100)).toHaveLength(20);
  });
});

describe('trackTransfers', () => {
  test('writes the requests of a turn together, in order', async () => {
    const { store, turns } = recordingStore();
    const { observer, flush, close } = trackTransfers({ store });
    const [a, b] = [event(), event({ downloadId: '1' })];
    for (const one of [a, b]) void observer.start?.(one);
    for (const one of [b, a]) void observer.end(one);
    await expect.poll(() => turns.length).toBe(1);
    expect(turns[0]?.map(({ type, reader }) => `${type} ${reader.name.slice(0, 6)}`)).toEqual([
      'start client',
      'start link:1',
      'end link:1',
      'end client',
    ]);
    const [first, second, third, fourth] = turns[0] ?? [];
    expect([first?.id, second?.id]).toEqual([fourth?.id, third?.id]);
    expect(first?.id).not.toBe(second?.id);
    expect(first !== undefined && 'object' in first && first.object).toEqual({ mount: 'a.example/m', key: 'a', etag: '"v"', size: 100 });
    await flush();
    await close();
    expect(turns).toHaveLength(1);
  });
  test('ignores requests without bytes of an object, but for redirects', async () => {
    const { store, turns } = recordingStore();
    const { observer, close } = trackTransfers({ store });
    void observer.end(event({ status: 304, asked: [], delivered: [], bytesSent: 0 }));
    void observer.end(event({ status: 307, asked: [], delivered: [], bytesSent: 0, outcome: 'redirected' }));
    void observer.end(event({ status: 404, asked: [], delivered: [], key: undefined }));
    await close();
    expect(turns.flat()).toEqual([expect.objectContaining({ status: 307 })]);
  });
  test('counts requests of clients that it does not recognise, and no transfers', async () => {
    const store = memoryTransferStore();
    const { observer, flush } = trackTransfers({ store, identity: 'none' });
    void observer.end(event());
    await flush();
    expect(await store.list({}, 10)).toEqual([]);
    const day = new Date().toISOString().slice(0, 10);
    expect(await store.downloads({ from: day, to: day }, 10)).toEqual([expect.objectContaining({ complete: 1 })]);
  });
  test('writes again what a locked store did not take', async () => {
    let attempts = 0;
    const { store, turns } = recordingStore(async () => {
      if (attempts++ < 3) throw transferStoreBusy(new Error('locked'));
    });
    const warnings: string[] = [];
    const { observer, lost, close } = trackTransfers({ store, warn: (message) => warnings.push(message) });
    void observer.start?.(event());
    await expect.poll(() => attempts).toBeGreaterThan(0);
    void observer.end(event());
    await expect.poll(() => turns.flat()).toHaveLength(2);
    expect(turns.flat().map(({ type }) => type)).toEqual(['start', 'end']);
    expect(lost()).toBe(0);
    await close();
  });
  test('loses what a broken store does not take, tells it once a minute, and goes on', async () => {
    let isBroken = true;
    const { store, turns } = recordingStore(async () => {
      if (isBroken) throw new Error('disk full');
    });
    const warnings: string[] = [];
    const { observer, lost, flush, close } = trackTransfers({ store, warn: (message) => warnings.push(message) });
    for (let i = 0; i < 3; i++) {
      void observer.end(event());
      await flush();
    }
    expect(lost()).toBe(3);
    expect(warnings).toEqual([
      'transfers: 1 changes since the start are not stored, downloads go on: Error: disk full',
    ]);
    isBroken = false;
    void observer.end(event());
    await close();
    expect(turns.flat()).toHaveLength(1);
  });
  test('a store that hangs holds up no request, and what waits is bounded', async () => {
    const { store } = recordingStore(() => new Promise(() => undefined));
    const { observer, lost } = trackTransfers({ store, warn: () => undefined });
    for (let i = 0; i < 50_010; i++) expect(observer.end(event({ downloadId: '1' }))).toBeUndefined();
    expect(lost()).toBe(10);
  });
  test('an end is written after its start, also if the start is slow', async () => {
    const memory = memoryTransferStore();
    let isFirst = true;
    const store: TransferStore = {
      ...memory,
      async write(changes) {
        if (isFirst) {
          isFirst = false;
          await new Promise((resolve) => setImmediate(resolve));
        }
        await memory.write(changes);
      },
    };
    const { observer, flush } = trackTransfers({ store });
    const one = event();
    void observer.start?.(one);
    void observer.end(one);
    await flush();
    expect(await store.list({}, 10)).toEqual([expect.objectContaining({ state: 'complete', requests: 1 })]);
  });
});
