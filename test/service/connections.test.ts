import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { GatewayProcess } from './gateway-process.ts';
import { connectTo, get, type RawClient } from './raw-client.ts';
import { contentOf, startStage } from './stage.ts';

const LARGE = 32 * 1024 * 1024;

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The digest of a download over a new connection. */
async function download(url: string): Promise<string> {
  const response = await fetch(url);
  return `${response.status} ${digest(new Uint8Array(await response.arrayBuffer()))}`;
}

const right = (key: string, size: number) => `200 ${digest(contentOf(key, size))}`;

describe('a client that pipelines', () => {
  test('and disconnects holds neither storage connections nor slots', async () => {
    const { gateway, origin } = await startStage({
      objects: { large: LARGE, small: 10 },
      config: { limits: { downloads: 20 } },
    });
    const clients = await Promise.all(Array.from({ length: 5 }, () => connectTo(gateway.port, true)));
    for (const { socket } of clients) socket.write(get('/large').repeat(999));
    await expect.poll(() => origin.busy(), { timeout: 10_000 }).toBe(clients.length);
    // While five connections have 4,995 requests between them, each has one in progress.
    expect(await download(`${gateway.url}/small`)).toBe(right('small', 10));
    expect(origin.busy()).toBe(clients.length);
    for (const [i, { socket }] of clients.entries())
      if (i % 2 === 0) socket.destroy();
      else socket.resetAndDestroy();
    await expect.poll(() => origin.busy(), { timeout: 10_000 }).toBe(0);
    const after = await Promise.all(Array.from({ length: 20 }, () => download(`${gateway.url}/small`)));
    expect(after).toEqual(Array.from({ length: 20 }, () => right('small', 10)));
    // A request that was never started has no log line.
    expect(gateway.log.filter(({ key }) => key === 'large')).toHaveLength(clients.length);
  });

  test('gets all responses, in the order of its requests', async () => {
    const sizes = Array.from({ length: 10 }, (_, i) => 1 + i * 9_000);
    const { gateway, origin } = await startStage({
      objects: Object.fromEntries(sizes.map((size, i) => [`o${i}`, size])),
    });
    const client = await connectTo(gateway.port);
    const order = Array.from({ length: 500 }, (_, i) => (i * 7) % 10);
    client.socket.write(order.map((i) => get(`/o${i}`)).join(''));
    client.socket.end();
    await client.ended;
    const bodies = client.received().split(/HTTP\/1\.1 200 OK\r\n[^]*?\r\n\r\n/);
    expect(bodies.slice(1).map((body) => body.length)).toEqual(order.map((i) => sizes[i]));
    const wrong = order.filter(
      (i, at) => !Buffer.from(bodies[at + 1] ?? '', 'latin1').equals(contentOf(`o${i}`, sizes[i] ?? 0)),
    );
    expect(wrong).toEqual([]);
    expect(origin.requests()).toBeGreaterThanOrEqual(order.length);
  });
});

/** Resolves when the gateway has ended all connections; a client that reads nothing notices that when it reads again. */
async function broken(clients: readonly RawClient[]): Promise<void> {
  for (const { socket, ended } of clients) {
    socket.resume();
    await ended;
    socket.destroy();
  }
}

/** Resolves when no request has ended for a while: all others are stalled. */
async function quiet({ log }: GatewayProcess): Promise<void> {
  for (let before = -1; before !== log.length;) {
    before = log.length;
    await sleep(500);
  }
}

describe('a client that reads nothing', () => {
  const config = {
    cache: { type: 'memory', bytes: 64 * 1024 * 1024 },
    limits: { idleTimeout: 1_500, downloads: 3 },
  };

  test('of responses from memory is disconnected after the idle timeout, and holds a slot until then', async () => {
    // Long enough for the three to be stalled at the same time on a busy machine.
    const limits = { ...config.limits, idleTimeout: 3_000 };
    const { gateway } = await startStage({
      objects: { block: 1024 * 1024, small: 10 },
      config: { ...config, limits },
    });
    // Twice, so the object is cached.
    for (let i = 0; i < 3; i++) expect(await download(`${gateway.url}/block`)).toBe(right('block', 1024 * 1024));
    const clients = await Promise.all([1, 2, 3].map(() => connectTo(gateway.port, true)));
    // More than the socket buffers.
    for (const { socket } of clients) socket.write(get('/block').repeat(20));
    // Until they are full, a slot is sometimes free.
    await quiet(gateway);
    expect((await fetch(`${gateway.url}/small`)).status).toBe(503);
    await expect.poll(async () => (await fetch(`${gateway.url}/small`)).status, { timeout: 10_000 }).toBe(200);
    await broken(clients);
    expect(gateway.log.filter(({ key, outcome }) => key === 'block' && outcome === 'aborted')).toHaveLength(3);
  });

  test('of thousands of pipelined requests takes bounded memory', async () => {
    const { gateway } = await startStage({
      objects: { kilo: 1024 },
      config: { ...config, limits: { idleTimeout: 700 } },
      // V8's young generation grows with the load of the machine, whatever the gateway holds.
      flags: ['--max-semi-space-size=8'],
    });
    for (let i = 0; i < 3; i++) await download(`${gateway.url}/kilo`);
    const before = gateway.memory();
    const clients = await Promise.all(Array.from({ length: 20 }, () => connectTo(gateway.port, true)));
    for (const { socket } of clients) socket.write(get('/kilo').repeat(18_000));
    let most = before;
    const aborted = () => gateway.log.filter(({ outcome }) => outcome === 'aborted').length;
    // A busy machine takes long to answer what fills the buffers of twenty sockets.
    for (const until = Date.now() + 60_000; Date.now() < until && aborted() < clients.length;) {
      most = Math.max(most, gateway.memory());
      await sleep(25);
    }
    expect((most - before) / 1024 / 1024).toBeLessThan(200);
    expect(aborted()).toBe(clients.length);
    await broken(clients);
  }, 90_000);
});

describe('a client that closes its side after the request', () => {
  test.for(['large', 'small'])('gets the whole response: %s', async (key) => {
    const objects = { large: LARGE, small: 10 };
    const { gateway } = await startStage({ objects });
    const client = await connectTo(gateway.port);
    client.socket.end(get(`/${key}`));
    await client.ended;
    const [, body = ''] = client.received().split(/\r\n\r\n([^]*)/);
    expect(digest(Buffer.from(body, 'latin1'))).toBe(digest(contentOf(key, key === 'large' ? LARGE : 10)));
    await expect.poll(() => gateway.log.at(-1)?.outcome).toBe('complete');
  });
});

test('a client that disconnects before the storage responds is logged as aborted, not as failed', async () => {
  const { gateway, origin } = await startStage({
    objects: { slow: 10, small: 10 },
    fault: (key) => (key === 'slow' ? { kind: 'slow', wait: 1_500 } : undefined),
  });
  const client = await connectTo(gateway.port);
  client.socket.write(get('/slow'));
  await expect.poll(() => origin.busy()).toBe(1);
  client.socket.resetAndDestroy();
  await expect.poll(() => gateway.log).toHaveLength(1);
  expect(gateway.log[0]).toMatchObject({ key: 'slow', outcome: 'aborted', status: 499 });
  expect(gateway.log[0]).not.toHaveProperty('error');
  await expect.poll(() => origin.busy(), { timeout: 5_000 }).toBe(0);
});
