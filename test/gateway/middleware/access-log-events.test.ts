import { describe, expect, test } from 'vitest';
import {
  createGateway,
  memoryCache,
  memoryStore,
  type GatewayBaseOptions,
  type ObjectStore,
  type Span,
} from '../../../src/index.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import { ask as askOverSocket } from '../../platform/node/raw-request.ts';
import { onlyEvent, spansIn, recordingObserver } from '../recording-observer.ts';

const SIZE = 300_000;
const BYTES = Uint8Array.from({ length: SIZE }, (_, i) => i % 251);

async function storeWith(): Promise<ObjectStore> {
  const store = memoryStore();
  await store.put('key', BYTES);
  await store.put('empty', new Uint8Array(0));
  return store;
}

async function open(parts: GatewayBaseOptions = {}, store?: ObjectStore) {
  const watched = recordingObserver();
  const gateway = createGateway({ store: store ?? (await storeWith()), observers: [watched], ...parts });
  const ask = (path = '/key', headers: Record<string, string> = {}, method = 'GET') =>
    gateway.request(path, { method, headers });
  return { gateway, ask, watched };
}

interface Case {
  readonly path?: string;
  readonly method?: string;
  readonly range?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly spans: readonly Span[];
}

const whole = { start: 0, end: SIZE };

const withBytes: Readonly<Record<string, Case>> = {
  whole: { status: 200, spans: [whole] },
  'one range': { range: 'bytes=5-9', status: 206, spans: [{ start: 5, end: 10 }] },
  'an open range': { range: 'bytes=299990-', status: 206, spans: [{ start: 299_990, end: SIZE }] },
  'a suffix': { range: 'bytes=-10', status: 206, spans: [{ start: 299_990, end: SIZE }] },
  'a range that is clamped': { range: 'bytes=299999-999999', status: 206, spans: [{ start: 299_999, end: SIZE }] },
  'several parts': {
    range: 'bytes=0-0,200000-299999',
    status: 206,
    spans: [
      { start: 0, end: 1 },
      { start: 200_000, end: SIZE },
    ],
  },
  'parts of one read': {
    range: 'bytes=0-9,11-20,22-31',
    status: 206,
    spans: [
      { start: 0, end: 10 },
      { start: 11, end: 21 },
      { start: 22, end: 32 },
    ],
  },
  'a range that If-Range turned into the whole': {
    range: 'bytes=5-9',
    fields: { 'If-Range': '"other"' },
    status: 200,
    spans: [whole],
  },
  'a range that is malformed': { range: 'bytes=9-5', status: 200, spans: [whole] },
};

const without: Readonly<Record<string, Case>> = {
  HEAD: { method: 'HEAD', status: 200, spans: [] },
  'HEAD of a range': { method: 'HEAD', range: 'bytes=5-9', status: 200, spans: [] },
  'not modified': { fields: { 'If-None-Match': '*' }, status: 304, spans: [] },
  'another version': { fields: { 'If-Match': '"other"' }, status: 412, spans: [] },
  'past the end': { range: 'bytes=300000-', status: 416, spans: [] },
  missing: { path: '/none', status: 404, spans: [] },
  'no key': { path: '/a%00b', status: 400, spans: [] },
  'another method': { method: 'DELETE', status: 405, spans: [] },
  OPTIONS: { method: 'OPTIONS', status: 204, spans: [] },
};

const caches: Readonly<Record<string, () => ReturnType<typeof open>>> = {
  streams: async () => open(),
  memory: async () => {
    const watched = recordingObserver();
    const cache = memoryCache({ maxBytes: 2 ** 20 });
    const gateway = createGateway({ store: await storeWith(), observers: [watched], cache });
    await (await gateway.request('/key')).arrayBuffer();
    await onlyEvent(watched.ends);
    watched.starts.length = 0;
    watched.ends.length = 0;
    const ask = (path = '/key', headers: Record<string, string> = {}, method = 'GET') =>
      gateway.request(path, { method, headers });
    return { gateway, ask, watched };
  },
};

describe.each(Object.entries(caches))('bodies that are %s', (_, make) => {
  test.for(Object.entries(withBytes))(
    'have one start event and one end event, with the delivered bytes: %s',
    async ([, one]) => {
      const { ask, watched } = await make();
      const { path = '/key', method = 'GET', range, fields, status, spans } = one;
      const response = await ask(path, { ...fields, ...(range && { Range: range }) }, method);
      expect(response.status).toBe(status);
      expect(watched.starts).toMatchObject([
        { status, asked: spans, size: SIZE, etag: response.headers.get('ETag'), range },
      ]);
      const { byteLength } = await response.arrayBuffer();
      const event = await onlyEvent(watched.ends);
      expect(event).toMatchObject({
        ...watched.starts[0],
        outcome: 'complete',
        delivered: spans,
        bytesSent: byteLength,
      });
      expect(watched.starts).toHaveLength(1);
    },
  );

  test.for(Object.entries(without))('a response without bytes has no start event: %s', async ([, one]) => {
    const { ask, watched } = await make();
    const { path = '/key', method = 'GET', range, fields, status } = one;
    const response = await ask(path, { ...fields, ...(range && { Range: range }) }, method);
    const { byteLength } = await response.arrayBuffer();
    expect(response.status).toBe(status);
    const about = { method, status, asked: [], delivered: [], bytesSent: byteLength, etag: undefined, size: undefined };
    expect(await onlyEvent(watched.ends)).toMatchObject({ ...about, outcome: 'complete' });
    expect(watched.starts).toEqual([]);
  });
});

test('an empty object has no start event', async () => {
  const { ask, watched } = await open();
  const response = await ask('/empty');
  expect([response.status, await response.text()]).toEqual([200, '']);
  expect(await onlyEvent(watched.ends)).toMatchObject({
    status: 200,
    outcome: 'complete',
    delivered: [],
    bytesSent: 0,
  });
  expect(watched.starts).toEqual([]);
});

describe('a body that ends early', () => {
  test.for([1, 2, 3, 4, 5, 6])(
    'after %i chunks of two parts: the event has the bytes delivered before',
    async (chunks) => {
      const { ask, watched } = await open();
      const response = await ask('/key', { Range: 'bytes=10-99999,150000-299999' });
      const reader = response.body?.getReader();
      const taken: Uint8Array[] = [];
      for (let i = 0; i < chunks; i++) taken.push((await reader?.read())?.value ?? new Uint8Array(0));
      await reader?.cancel();
      const event = await onlyEvent(watched.ends);
      const bytes = Buffer.concat(taken);
      expect(event).toMatchObject({ outcome: 'aborted', bytesSent: bytes.length, delivered: spansIn(bytes) });
      // The last of these cases must end in the second part.
      if (chunks >= 5) expect(event.delivered).toHaveLength(2);
    },
  );

  test('because the storage fails: the outcome is failed, with the cause and the delivered prefix', async () => {
    const memory = await storeWith();
    const error = Object.assign(new Error('broken off'), { name: 'StoreError', code: 'invalid-response' });
    const store: ObjectStore = {
      head: (key, options) => memory.head(key, options),
      async read(key, options) {
        const opened = await memory.read(key, options);
        if (opened.type !== 'open') return opened;
        const { representation, span } = opened;
        const body = new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(BYTES.slice(0, 1_000)),
          pull: (controller) => controller.error(error),
        });
        return { type: 'open', representation, span, body };
      },
    };
    const watched = recordingObserver();
    const failures = recordingObserver('failed');
    const gateway = createGateway({ store, observers: [failures, watched], resume: false });
    const response = await gateway.request('/key');
    await expect(response.arrayBuffer()).rejects.toThrow();
    const delivered = [{ start: 0, end: 1_000 }];
    expect(await onlyEvent(watched.ends)).toMatchObject({ status: 200, outcome: 'failed', delivered });
    expect(await onlyEvent(failures.ends)).toEqual(watched.ends[0]);
    expect([watched.starts.length, failures.starts.length]).toEqual([1, 1]);
    await (await gateway.request('/none')).text();
    await expect.poll(() => watched.ends).toHaveLength(2);
    expect(failures.ends).toHaveLength(1);
  });
});

test('a client on a socket that disconnects in the second part: the delivered spans are a prefix of the requested ones', async () => {
  const size = 64 * 1024 * 1024;
  const store = memoryStore();
  await store.put('large', new Uint8Array(size));
  const { gateway, watched } = await open({}, store);
  const server = await serve(gateway, { port: 0 });
  try {
    const first = { start: 0, end: 1_000_000 };
    const headers = { Range: `bytes=0-999999,2000000-${size - 1}` };
    const { body } = await askOverSocket(`${server.url}/large`, headers, 'GET', 3_000_000);
    const received = spansIn(body);
    const event = await onlyEvent(watched.ends);
    expect(event).toMatchObject({ status: 206, outcome: 'aborted' });
    const { delivered } = event;
    if (delivered === 'unknown') throw new Error('the pipes of Node tell');
    expect([delivered[0], received[0]]).toEqual([first, first]);
    expect(delivered).toHaveLength(2);
    expect(delivered[1]?.start).toBe(2_000_000);
    // At least the bytes that the client got; at most those plus the socket buffers.
    expect(delivered[1]?.end).toBeGreaterThanOrEqual(received[1]?.end ?? size);
    expect(delivered[1]?.end).toBeLessThan(size);
  } finally {
    await server.stop(100);
  }
});
