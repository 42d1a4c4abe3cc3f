import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startGateway } from './gateway-process.ts';
import { afterTest, contentOf, startStage } from './stage.ts';

test('a storage that sends one byte for each connection gets requests at growing intervals', async () => {
  const { gateway, origin } = await startStage({
    objects: { drops: 20_000 },
    fault: () => ({ kind: 'reset', after: 1 }),
  });
  const start = origin.requests();
  const response = await fetch(`${gateway.url}/drops`);
  await sleep(3_000);
  // Without a pause it got 450 requests a second.
  expect(origin.requests() - start).toBeGreaterThan(3);
  expect(origin.requests() - start).toBeLessThan(25);
  await response.body?.cancel();
});

/** @returns whether the whole body arrived within `patience` ms */
async function read(url: string, patience: number): Promise<boolean> {
  try {
    await (await fetch(url, { signal: AbortSignal.timeout(patience) })).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

test('many clients of such a storage cause fewer than twice their number of requests', async () => {
  const { gateway, origin } = await startStage({
    objects: { drops: 20_000 },
    fault: () => ({ kind: 'reset', after: 1 }),
  });
  const start = origin.requests();
  const clients = 200;
  let broken = 0;
  for (let i = 0; i < clients; i += 20) {
    const answers = Array.from({ length: 20 }, () => read(`${gateway.url}/drops`, 2_000));
    broken += (await Promise.all(answers)).filter((isWhole) => !isWhole).length;
  }
  expect(broken).toBe(clients);
  expect(origin.requests() - start).toBeLessThan(2 * clients);
});

test('a storage that breaks each MB is resumed at once', async () => {
  const size = 24 * 1024 * 1024 + 5;
  const { gateway, origin } = await startStage({
    objects: { long: size },
    fault: () => ({ kind: 'reset', after: 1024 * 1024 }),
  });
  const response = await fetch(`${gateway.url}/long`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(Buffer.from(bytes).equals(contentOf('long', size))).toBe(true);
  expect(origin.faults('reset')).toBeGreaterThanOrEqual(24);
  await expect.poll(() => gateway.log.at(-1)).toMatchObject({ outcome: 'complete', bytesSent: size });
});

/** The most time between a response and an unsolicited one, in ms. */
const LATEST_EXTRA = 0.5;

/** A storage that sends an unsolicited response after each third response. */
async function startTalkative() {
  let answers = 0;
  let extras = 0;
  const answer = (path: string) => {
    const body = `This is ${path}, and nothing else.`;
    const fields = `Content-Length: ${body.length}\r\nETag: "${body.length}"\r\nLast-Modified: Tue, 02 Jan 2024 00:00:00 GMT`;
    return `HTTP/1.1 200 OK\r\n${fields}\r\n\r\n${body}`;
  };
  const speak = (socket: Socket, path: string, isHead: boolean) => {
    const text = answer(path);
    socket.write(isHead ? text.slice(0, text.indexOf('\r\n\r\n') + 4) : text);
    const writtenAt = performance.now();
    if (answers++ % 3 !== 0) return;
    setImmediate(() => {
      // On a busy machine it would come after the next request, and nothing could tell it from the response to that.
      if (performance.now() - writtenAt > LATEST_EXTRA) return;
      extras++;
      socket.write(answer('/talkative/unasked'));
    });
  };
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    let received = '';
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      for (let end = received.indexOf('\r\n\r\n'); end >= 0; end = received.indexOf('\r\n\r\n')) {
        const [, method, path = ''] = /^(\w+) ([^\s?]+)/.exec(received) ?? [];
        received = received.slice(end + 4);
        speak(socket, path, method === 'HEAD');
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the storage has no port');
  afterTest(() => server.close());
  return { endpoint: `http://127.0.0.1:${address.port}`, extras: () => extras };
}

test('an unsolicited response of a storage is never used for a request', async () => {
  const storage = await startTalkative();
  const gateway = await startGateway(['--s3', 'talkative', '--endpoint', storage.endpoint, '--path-style']);
  afterTest(() => gateway.stop());
  await fetch(`${gateway.url}/first`);
  await expect.poll(storage.extras).toBeGreaterThan(0);
  await sleep(100);
  let wrong = 0;
  let answered = 0;
  const client = async (name: number) => {
    for (let i = 0; i < 100; i++) {
      const isHead = i % 5 === 0;
      const key = `${name}-${'x'.repeat((name * 7 + i) % 40)}-${i}`;
      const response = await fetch(`${gateway.url}/${key}`, { method: isHead ? 'HEAD' : 'GET' });
      const text = await response.text();
      if (response.status !== 200) continue;
      answered++;
      const due = `This is /talkative/${key}, and nothing else.`;
      const isRight = isHead ? response.headers.get('Content-Length') === String(due.length) : text === due;
      if (!isRight) wrong++;
    }
  };
  await Promise.all(Array.from({ length: 9 }, (_, name) => client(name)));
  expect(storage.extras()).toBeGreaterThan(20);
  expect(answered).toBeGreaterThan(800);
  expect(wrong).toBe(0);
});
