import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  createGateway,
  generateLinkKey,
  memoryStore,
  parseLinkKeys,
  signedAccess,
  signLink,
  type BodyPipe,
  type GatewayBaseOptions,
  type Observer,
} from '../../../src/index.ts';
import { portableBodyPipe } from '../../../src/gateway/download/body-pipe.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import { onlyEvent, recordingObserver } from '../recording-observer.ts';

const SIZE = 300_000;
const whole = { start: 0, end: SIZE };
const store = memoryStore();
await store.put('key', new Uint8Array(SIZE));

function open(parts: GatewayBaseOptions = {}) {
  const watched = recordingObserver();
  const gateway = createGateway({ store, observers: [watched], ...parts });
  const ask = (headers: Record<string, string> = {}) => gateway.request('/key', { headers });
  return { gateway, ask, watched };
}

test('a redirect has the outcome redirected, and no delivered bytes', async () => {
  const watched = recordingObserver();
  const link = async () => 'https://storage.example/link';
  const gateway = createGateway({ store, observers: [watched], overflow: { limit: 10, policy: 'redirect', link } });
  expect((await gateway.request('/key')).status).toBe(307);
  expect(await onlyEvent(watched.ends)).toMatchObject({ status: 307, outcome: 'redirected', asked: [], delivered: [] });
  expect(watched.starts).toEqual([]);
});

test('a range cut by overflow: partial is logged as it was cut', async () => {
  const watched = recordingObserver();
  const overflow = { limit: 10, policy: 'partial' } as const;
  const gateway = createGateway({ store, observers: [watched], overflow });
  const response = await gateway.request('/key', { headers: { Range: 'bytes=5-99' } });
  expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([206, 10]);
  const spans = [{ start: 5, end: 15 }];
  expect(await onlyEvent(watched.ends)).toMatchObject({ asked: spans, delivered: spans, outcome: 'complete' });
});

test('the delivered bytes are unknown if the pipes of the platform do not report them', async () => {
  // Like the native pipes of Workers, which do not report the bytes of a failed body.
  const bodyPipe: BodyPipe = {
    ...portableBodyPipe,
    pipe(plan) {
      const { done, ...rest } = portableBodyPipe.pipe(plan);
      const told = done.then((transfer) =>
        transfer.outcome === 'complete' ? transfer : { ...transfer, bytesSent: null, bytesRead: null },
      );
      return { ...rest, done: told };
    },
  };
  const { ask, watched } = open({ bodyPipe });
  const reader = (await ask()).body?.getReader();
  await reader?.read();
  await reader?.cancel();
  expect(await onlyEvent(watched.ends)).toMatchObject({
    outcome: 'aborted',
    asked: [whole],
    delivered: 'unknown',
    bytesSent: null,
    bytesRead: null,
  });
});

test('a client that leaves while the end of the body is in the buffers of its connection has all but the last byte', async () => {
  const { gateway, watched } = open();
  const { promise: sent, resolve } = Promise.withResolvers<boolean>();
  const response = await gateway.request('/key', {}, { sent });
  await response.arrayBuffer();
  resolve(false);
  const { start, end } = whole;
  expect(await onlyEvent(watched.ends)).toMatchObject({
    outcome: 'aborted',
    delivered: [{ start, end: end - 1 }],
    bytesSent: end - 1,
  });
});

describe('an observer that throws', () => {
  afterEach(() => void vi.restoreAllMocks());
  const thrower = (what: unknown): Observer => ({
    start() {
      throw what;
    },
    end() {
      throw what;
    },
  });

  test.for<readonly [string, unknown]>([
    ['an Error', new Error('the disk is full')],
    ['nothing', undefined],
    ['a text', 'text'],
  ])('%s affects neither the response nor other observers', async ([, what]) => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const [before, after] = [recordingObserver(), recordingObserver()];
    const { ask } = open({ observers: [before, thrower(what), after], limits: { downloads: 1 } });
    for (let i = 1; i <= 3; i++) {
      const response = await ask({ Range: 'bytes=0-0,9-9' });
      expect(response.status).toBe(206);
      await response.text();
      await expect.poll(() => [before.ends.length, after.ends.length]).toEqual([i, i]);
    }
    expect([before.starts.length, after.starts.length]).toEqual([3, 3]);
    expect(said.mock.calls).toEqual(Array.from({ length: 6 }, () => [what]));
  });
});

describe('an event has', () => {
  test('the id of the signed link', async () => {
    const text = generateLinkKey('one');
    const keys = parseLinkKeys(text);
    const watched = recordingObserver();
    const gateway = createGateway({ store, access: signedAccess(keys), observers: [watched] });
    const expires = Math.ceil(Date.now() / 1_000) + 60;
    const link = await signLink('http://localhost/key', { expires, downloadId: 'download-1' }, keys[0]);
    await (await gateway.request(link, { headers: { Range: 'bytes=0-9' } })).arrayBuffer();
    expect(await onlyEvent(watched.ends)).toMatchObject({ status: 206, downloadId: 'download-1' });
    expect(watched.starts).toMatchObject([{ downloadId: 'download-1' }]);
    expect(JSON.stringify(watched)).not.toContain('rgw-');
    expect((await gateway.request('/key')).status).toBe(403);
    expect(watched.ends[1]).toMatchObject({ status: 403, downloadId: undefined });
  });

  test('the client address: of the socket, from trusted proxies, or from the app', async () => {
    const { gateway, watched } = open();
    const own = open({ clientAddress: () => '192.0.2.7' });
    const servers = [
      await serve(gateway, { port: 0 }),
      await serve(gateway, { port: 0, trustedProxies: 1 }),
      await serve(own.gateway, { port: 0 }),
    ];
    for (const { url } of servers) {
      await (await fetch(`${url}/none`, { headers: { 'X-Forwarded-For': '198.51.100.1, 203.0.113.9' } })).text();
    }
    await expect.poll(() => watched.ends.map(({ client }) => client)).toEqual(['127.0.0.1', '203.0.113.9']);
    expect(await onlyEvent(own.watched.ends)).toMatchObject({ client: '192.0.2.7' });
    for (const server of servers) await server.stop(100);
  });

  test('the time of the request, and its storage operations', async () => {
    const { ask, watched } = open();
    const before = Date.now();
    await (await ask()).arrayBuffer();
    const { received, stats, bytesRead } = await onlyEvent(watched.ends);
    expect(received.getTime()).toBeGreaterThanOrEqual(before);
    expect(received.getTime()).toBeLessThanOrEqual(Date.now());
    expect([stats, bytesRead]).toEqual([{ operations: 1, continued: 0 }, SIZE]);
  });
});
