import { gunzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import { cors } from 'hono/cors';
import { etag } from 'hono/etag';
import { describe, expect, test } from 'vitest';
import { createGateway, fsStore } from '../../../src/platform/node/index.ts';
import { bodyOf, representation, storeDouble } from '../../gateway/store-double.ts';
import { recordingObserver } from '../../gateway/recording-observer.ts';
import { ask, type Answer } from './raw-request.ts';
import { after, asked, essence, folder, LARGE, open, start } from './lazy-server.ts';

let plain: Awaited<ReturnType<typeof start>> | undefined;

describe('behind a middleware of hono that changes responses', () => {
  const decode = ({ headers, body }: Answer) => {
    switch (headers['content-encoding']) {
      case undefined:
        return body;
      case 'gzip':
        return gunzipSync(body);
      default:
        throw new Error(`unknown: ${String(headers['content-encoding'])}`);
    }
  };

  test('hono/compress: a compressed body decodes to the same bytes', async () => {
    plain ??= await start();
    // By default it skips responses with no-transform, as all those of the gateway with bytes.
    const alone = await start(compress());
    const fields = { 'Accept-Encoding': 'gzip' };
    expect((await alone.get({ path: '/files/large.txt', fields })).body.equals(LARGE)).toBe(true);
    const compressed = await start((c, next) =>
      compress()(c, async () => {
        await next();
        c.res.headers.delete('Cache-Control');
      }),
    );
    let count = 0;
    for (const [name, one] of Object.entries(asked)) {
      const answer = await compressed.get({ ...one, fields: { ...one.fields, ...fields } });
      if (answer.headers['content-encoding'] === 'gzip') count++;
      const expected = await plain.get(one);
      const [body, own] = [essence({ ...answer, body: decode(answer) }).body, essence(expected).body];
      expect([name, answer.status, body === own]).toEqual([name, expected.status, true]);
    }
    expect(count).toBe(4);
  });

  test('hono/etag: the tag of the gateway stays, and its 304 closes the body', async () => {
    plain ??= await start();
    const tagged = await start(etag());
    for (const [name, one] of Object.entries(asked)) {
      const [answer, expected] = [await tagged.get(one), await plain.get(one)];
      expect([answer.status, essence(answer).body], name).toEqual([expected.status, essence(expected).body]);
      if (expected.headers['etag'] !== undefined) expect(answer.headers['etag'], name).toBe(expected.headers['etag']);
    }
  });

  test('hono/etag: a 304 of its own, for an object without a tag, closes the body', async () => {
    const shared = recordingObserver();
    const size = 100_000;
    let bodies = 0;
    const store = storeDouble({
      read() {
        bodies++;
        const flush = () => void bodies--;
        const body = bodyOf([LARGE.slice(0, size)]).pipeThrough(new TransformStream({ flush }));
        const about = { ...representation(size), etag: undefined };
        return { type: 'open', representation: about, span: { start: 0, end: size }, body };
      },
    });
    const gateway = createGateway({ store, observers: [shared], limits: { downloads: 1 } });
    const url = await open(new Hono().use(etag()).route('/', gateway));
    const first = await ask(`${url}/key`);
    expect([first.status, first.body.equals(LARGE.subarray(0, size))]).toEqual([200, true]);
    const fields = { 'If-None-Match': String(first.headers['etag']) };
    for (let i = 2; i <= 4; i++) {
      const again = await ask(`${url}/key`, fields);
      expect([again.status, again.body.length]).toEqual([304, 0]);
      await expect.poll(() => shared.ends).toHaveLength(i);
      expect(bodies).toBe(0);
    }
  });

  test('hono/cors: responses of the gateway keep their bytes, and it handles preflights itself', async () => {
    plain ??= await start();
    const shared = recordingObserver();
    const gateway = createGateway({ store: fsStore(folder), observers: [shared], cors: { origins: [] } });
    const app = new Hono().use(cors({ origin: 'https://pages.example', exposeHeaders: ['ETag'] })).route('/', gateway);
    const url = await open(app);
    const origin = { Origin: 'https://pages.example' };
    for (const path of ['/small.txt', '/large.txt', '/empty.txt', '/none']) {
      const answer = await ask(`${url}${path}`, origin);
      expect(answer.headers['access-control-allow-origin']).toBe('https://pages.example');
      expect(answer.headers['access-control-expose-headers']).toBe('ETag');
      if (path !== '/none') expect(answer.body.equals((await plain.get({ path: `/files${path}` })).body)).toBe(true);
    }
    await expect.poll(() => shared.ends).toHaveLength(4);
    const preflight = await ask(`${url}/small.txt`, { ...origin, 'Access-Control-Request-Method': 'GET' }, 'OPTIONS');
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([
      204,
      'https://pages.example',
    ]);
    expect(shared.ends).toHaveLength(4);
  });

  test('a body that a middleware reads to its end and replaces', async () => {
    const measure = after(async (c) => {
      const { byteLength } = await c.res.arrayBuffer();
      expect(c.res.bodyUsed).toBe(c.res.body !== null);
      c.res = new Response(`${byteLength} bytes`, { status: 200 });
      c.res.headers.delete('Content-Length');
    });
    const replaced = await start(measure);
    for (const path of ['/cached/small.txt', '/files/small.txt']) {
      expect((await replaced.get({ path })).body.toString()).toBe('3000 bytes');
    }
    expect((await replaced.get({ path: '/files/empty.txt' })).body.toString()).toBe('0 bytes');
  });
});

test.for([1, 2, 3, 50])(
  'a response of the app without a length, of %i chunks at once, arrives complete',
  async (count) => {
    const chunks = Array.from({ length: count }, (_, i) => `chunk ${i};`);
    const url = await open(
      new Hono().get('/own', () => {
        const texts = new ReadableStream<string>({
          start(controller) {
            for (const chunk of chunks) controller.enqueue(chunk);
            controller.close();
          },
        });
        return new Response(texts.pipeThrough(new TextEncoderStream()));
      }),
    );
    // Twice, so that bytes left over from the first would show on the persistent connection.
    for (let i = 0; i < 2; i++) {
      const answer = await ask(`${url}/own`);
      expect([answer.status, answer.body.toString()]).toEqual([200, chunks.join('')]);
    }
  },
);
