import { Hono, type MiddlewareHandler } from 'hono';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { portableBodyPipe } from '../../../src/gateway/download/body-pipe.ts';
import { logObserver, type LogEntry } from '../../../src/observe/log.ts';
import { createGateway, type GatewayOptions, type NodeServer } from '../../../src/platform/node/index.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import { openInMemory } from '../../../src/store/open-in-memory.ts';
import { countedStore, SIZE } from '../../gateway/open-body-counter.ts';
import { representation, storeDouble } from '../../gateway/store-double.ts';

let server: NodeServer | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await server?.stop(100);
});

/** A gateway with a concurrency limit of 1, over a store that counts its open bodies. */
function gatewayWith(options: Partial<GatewayOptions> = {}) {
  const entries: LogEntry[] = [];
  const { store, open } = countedStore();
  const log = (entry: LogEntry) => void entries.push(entry);
  const gateway = createGateway({ store, limits: { downloads: 1 }, observers: [logObserver(log)], ...options });
  return { gateway, entries, open };
}

const appOf = (gateway: ReturnType<typeof createGateway>, middleware: MiddlewareHandler) =>
  new Hono()
    .use(middleware)
    .route('/', gateway)
    .onError((_error, c) => c.text('failed', 500));

async function status(): Promise<number | 'broken'> {
  try {
    const response = await fetch(`${server?.url}/key`);
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 'broken';
  }
}

describe('slot and body are released, and the request is logged, if', () => {
  const silent = () => void vi.spyOn(console, 'error').mockImplementation(() => undefined);

  const middlewares: Readonly<Record<string, readonly [MiddlewareHandler, number | 'broken']>> = {
    // The error text is sent with the Content-Length of the replaced response.
    'a middleware throws after the answer': [
      async (_c, next) => {
        await next();
        throw new Error('of a user');
      },
      'broken',
    ],
    'a middleware answers in its place': [
      async (c, next) => {
        await next();
        c.res = undefined;
        c.res = new Response('instead', { status: 299 });
      },
      299,
    ],
    'a middleware drops it for one without a body': [
      async (c, next) => {
        await next();
        c.res = undefined;
        c.res = new Response(null, { status: 204 });
      },
      204,
    ],
    'a middleware adds a field': [
      async (c, next) => {
        await next();
        c.header('X-Added', 'yes');
      },
      200,
    ],
  };

  test.for(Object.entries(middlewares))('%s', async ([, [middleware, expected]]) => {
    silent();
    const { gateway, entries, open } = gatewayWith();
    server = await serve(appOf(gateway, middleware), { port: 0 });
    for (let i = 1; i <= 3; i++) {
      expect(await status()).toBe(expected);
      await expect.poll(() => entries).toHaveLength(i);
      expect(open()).toBe(0);
    }
    expect(entries.map(({ status: one }) => one)).toEqual([200, 200, 200]);
  });

  test('the log throws', async () => {
    silent();
    const { gateway, open } = gatewayWith({
      observers: [
        logObserver(() => {
          throw new Error('the disk of the log is full');
        }),
      ],
    });
    server = await serve(gateway, { port: 0 });
    for (let i = 0; i < 3; i++) await expect.poll(status).toBe(200);
    expect(open()).toBe(0);
    expect(console.error).toHaveBeenCalledTimes(3);
  });

  test('the body pipe throws', async () => {
    silent();
    const bodyPipe = {
      ...portableBodyPipe,
      pipe() {
        throw new Error('no memory for a pipe');
      },
    };
    const { gateway, entries, open } = gatewayWith({ bodyPipe });
    server = await serve(gateway, { port: 0 });
    for (let i = 0; i < 3; i++) expect(await status()).toBe(500);
    expect(open()).toBe(0);
    await expect.poll(() => entries.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'failed']);
  });

  test('a rule or a store throws a value that is not an Error', async () => {
    silent();
    const store = storeDouble({
      read() {
        throw undefined;
      },
    });
    const { gateway, entries } = gatewayWith({ store });
    server = await serve(gateway, { port: 0 });
    for (let i = 0; i < 3; i++) expect(await status()).toBe(500);
    await expect.poll(() => entries).toHaveLength(3);
  });

  test('a response has an invalid field value', async () => {
    silent();
    const bytes = new Uint8Array(10);
    const store = storeDouble({
      read: () => openInMemory({ ...representation(10), contentType: 'text/\u4e2d' }, { start: 0, end: 10 }, bytes),
    });
    const { gateway, entries } = gatewayWith({ store });
    server = await serve(gateway, { port: 0 });
    for (let i = 1; i <= 3; i++) {
      expect([200, 500]).toContain(await status());
      await expect.poll(() => entries).toHaveLength(i);
    }
  });
});

test('an unread body is closed after the idle timeout', async () => {
  const { gateway, entries, open } = gatewayWith({ limits: { downloads: 1, idleTimeout: 100 } });
  const response = await gateway.request('/key');
  expect([response.status, open()]).toEqual([200, 1]);
  await expect.poll(() => entries).toHaveLength(1);
  expect(entries[0]).toMatchObject({ outcome: 'aborted', bytesSent: 0 });
  expect(open()).toBe(0);
  await expect(response.arrayBuffer()).rejects.toThrow();
  expect((await gateway.request('/key')).status).toBe(200);
});

test('a read from a silent storage is closed after its idle timeout, even without resumption', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    let cancelled = 0;
    const body = new ReadableStream<Uint8Array>({ cancel: () => void cancelled++ }, { highWaterMark: 0 });
    const store = storeDouble({
      read: () => ({ type: 'open', representation: representation(SIZE), span: { start: 0, end: SIZE }, body }),
    });
    const { gateway, entries } = gatewayWith({ store, resume: false });
    const response = await gateway.request('/key');
    const read = response.arrayBuffer().catch(() => 'broken');
    await vi.advanceTimersByTimeAsync(19_000);
    expect([entries.length, cancelled]).toEqual([0, 0]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await read).toBe('broken');
    expect(entries).toMatchObject([{ outcome: 'failed', continued: 0 }]);
    expect(cancelled).toBe(1);
  } finally {
    vi.useRealTimers();
  }
});
