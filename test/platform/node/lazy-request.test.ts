import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import { Hono, type Context } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hookAccess, memoryStore } from '../../../src/index.ts';
import { createGateway, type FetchHandler } from '../../../src/platform/node/index.ts';
import { recordingObserver } from '../../gateway/recording-observer.ts';
import { ask } from './raw-request.ts';
import { open } from './lazy-server.ts';

const TEXT = '0123456789';
const store = memoryStore();
await store.put('key', new TextEncoder().encode(TEXT));

/** Responds with the method and the fields of the request. */
const echo = createServer((req, res) => {
  const { method, url, headers } = req;
  res.setHeader('X-Method', String(method));
  res.end(JSON.stringify({ method, url, headers }));
});
let echoUrl = '';
beforeAll(async () => {
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const address = echo.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  echoUrl = `http://127.0.0.1:${address.port}`;
});
afterAll(() => {
  echo.closeAllConnections();
  echo.close();
});

const FIELDS: Readonly<Record<string, string>> = {
  'x-one': 'first, second',
  range: 'bytes=0-1',
  'if-none-match': '"a", W/"b"',
  cookie: 'a=1; b=2',
  'user-agent': 'a client of its own',
  accept: 'text/plain;q=0.5',
};

describe('a request in a custom app', () => {
  const copies: Readonly<Record<string, (c: Context) => Request>> = {
    'as it is': (c) => c.req.raw,
    'new Request(it)': (c) => new Request(c.req.raw),
    'new Request(url, it)': (c) => new Request(c.req.url, c.req.raw),
    'new Request(it, {})': (c) => new Request(c.req.raw, {}),
    'its clone': (c) => c.req.raw.clone(),
    'the clone of its clone': (c) => c.req.raw.clone().clone(),
  };

  test.for(
    Object.entries(copies).flatMap(([name, copy]) =>
      ['GET', 'HEAD', 'DELETE', 'POST', 'PURGE'].map((method) => [name, method, copy] as const),
    ),
  )('has its method, address and fields: %s, %s', async ([, method, copy]) => {
    const seen: Request[] = [];
    const app = new Hono().all('*', (c) => {
      seen.push(copy(c));
      return c.body(null, 204);
    });
    const url = await open(app);
    expect((await ask(`${url}/a%20b?c=d`, FIELDS, method)).status).toBe(204);
    const [request] = seen;
    expect(request).toBeInstanceOf(Request);
    expect(request?.method).toBe(method);
    expect(request?.url).toBe('http://localhost/a%20b?c=d');
    expect(Object.fromEntries(request?.headers ?? [])).toMatchObject({ ...FIELDS, host: new URL(url).host });
    expect(await request?.text()).toBe('');
  });

  const fetches: Readonly<Record<string, (c: Context) => Promise<Response>>> = {
    'fetch(it)': (c) => fetch(c.req.raw),
    'fetch(new Request(it))': (c) => fetch(new Request(c.req.raw)),
    'fetch(its clone)': (c) => fetch(c.req.raw.clone()),
    'fetch(url, it)': (c) => fetch(c.req.url, c.req.raw),
    'fetch(new Request(url, it))': (c) => fetch(new Request(c.req.url, c.req.raw)),
  };

  test.for(
    Object.entries(fetches).flatMap(([name, pass]) =>
      ['GET', 'HEAD', 'DELETE'].map((method) => [name, method, pass] as const),
    ),
  )('is passed on with its method and all fields: %s, %s', async ([, method, pass]) => {
    const url = await open(new Hono().all('*', pass));
    const { hostname, port } = new URL(url);
    // A target in absolute form, as for a proxy, so the URL of the request names another server.
    const req = send({ host: hostname, port, method, path: `${echoUrl}/a%20b?c=d`, headers: FIELDS });
    req.end();
    const [res] = await once(req, 'response');
    const chunks: Buffer[] = await res.toArray();
    expect([res.statusCode, res.headers['x-method']]).toEqual([200, method]);
    if (method === 'HEAD') return;
    expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({ method, url: '/a%20b?c=d', headers: FIELDS });
  });

  test.for<readonly [string, (c: Context) => AbortSignal]>([
    ['its own', (c) => c.req.raw.signal],
    ['of new Request(url, it)', (c) => new Request(c.req.url, c.req.raw).signal],
  ])('has a signal that is aborted when the client disconnects: %s', async ([, signalOf]) => {
    const { promise: here, resolve: arrive } = Promise.withResolvers<AbortSignal>();
    const app = new Hono().get('*', async (c) => {
      const signal = signalOf(c);
      arrive(signal);
      await once(signal, 'abort');
      return c.text('late');
    });
    const req = send(`${await open(app)}/`);
    req.on('error', () => undefined);
    req.end();
    const signal = await here;
    expect(signal.aborted).toBe(false);
    // Reset, because a half-closed connection is detected only by a write (RFC 9112 §9.6).
    req.socket?.resetAndDestroy();
    await expect.poll(() => signal.aborted).toBe(true);
  });

  test('has a signal that is aborted when the client disconnects during a body', async () => {
    const signals: AbortSignal[] = [];
    let cancelled = 0;
    const app = new Hono().get('*', (c) => {
      signals.push(c.req.raw.signal);
      const pull = (controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array(65_536));
      return new Response(new ReadableStream({ pull, cancel: () => void cancelled++ }, { highWaterMark: 0 }));
    });
    await ask(await open(app), {}, 'GET', 1_000_000);
    await expect.poll(() => [signals.map(({ aborted }) => aborted), cancelled]).toEqual([[true], 1]);
  });

  test('has a signal that is not aborted after a complete response', async () => {
    const signals: AbortSignal[] = [];
    const app = new Hono().get('*', (c) => {
      signals.push(c.req.raw.signal);
      return c.text('here');
    });
    const url = await open(app);
    for (let i = 0; i < 3; i++) expect((await ask(url)).body.toString()).toBe('here');
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, false]);
  });
});

describe('a gateway in a custom app', () => {
  type Gateway = ReturnType<typeof createGateway>;
  const places: Readonly<Record<string, readonly [string, (gateway: Gateway) => FetchHandler]>> = {
    'app.mount': ['/files', (gateway) => new Hono().mount('/files', gateway.fetch)],
    'app.route': ['/files', (gateway) => new Hono().route('/files', gateway)],
    'an app in an app': ['/a/b', (gateway) => new Hono().route('/a', new Hono().route('/b', gateway))],
    'a mount in a mount': ['/a/b', (gateway) => new Hono().mount('/a', new Hono().mount('/b', gateway.fetch).fetch)],
    'a function': ['', (gateway) => ({ fetch: (...all) => gateway.fetch(...all) })],
    'a function that copies': [
      '',
      (gateway) => ({ fetch: (request, env) => gateway.fetch(new Request(request), env) }),
    ],
    'a handler that calls it': [
      '',
      (gateway) => new Hono<{ Bindings: object }>().all('*', (c) => gateway.fetch(c.req.raw, c.env, c.executionCtx)),
    ],
  };

  test.for(Object.entries(places))(
    'responds with its own fields, and knows the client address: %s',
    async ([, [at, toApp]]) => {
      const watched = recordingObserver();
      const url = `${await open(toApp(createGateway({ store, observers: [watched] })))}${at}`;
      const whole = await ask(`${url}/key`);
      expect([whole.status, whole.body.toString(), whole.headers['content-length']]).toEqual([200, TEXT, '10']);
      const range = await ask(`${url}/key`, { Range: 'bytes=2-4' });
      expect([range.status, range.body.toString(), range.headers['content-range']]).toEqual([
        206,
        '234',
        'bytes 2-4/10',
      ]);
      const head = await ask(`${url}/key`, {}, 'HEAD');
      expect([head.status, head.body.length, head.headers['content-length']]).toEqual([200, 0, '10']);
      const same = await ask(`${url}/key`, { 'If-None-Match': String(whole.headers['etag']) });
      expect([same.status, same.body.length]).toEqual([304, 0]);
      expect((await ask(`${url}/none`)).status).toBe(404);
      await expect.poll(() => watched.ends.map(({ status }) => status)).toEqual([200, 206, 200, 304, 404]);
      expect(new Set(watched.ends.map(({ client }) => client))).toEqual(new Set(['127.0.0.1']));
    },
  );

  test('serves the Request that it is given, even if another one was received', async () => {
    const gateway = createGateway({ store, observers: [] });
    const url = await open({
      fetch: (request, env) =>
        gateway.fetch(new Request(new URL('/key', request.url), { headers: { Range: 'bytes=1-2' } }), env),
    });
    const answer = await ask(`${url}/none`, { Range: 'bytes=7-9' });
    expect([answer.status, answer.body.toString()]).toEqual([206, '12']);
  });

  test('responds without the environment of the platform', async () => {
    const watched = recordingObserver();
    const gateway = createGateway({ store, observers: [watched] });
    const url = await open({ fetch: (request) => gateway.fetch(request) });
    const answer = await ask(`${url}/key`, { Range: 'bytes=7-' });
    expect([answer.status, answer.body.toString()]).toEqual([206, '789']);
    await expect.poll(() => watched.ends).toMatchObject([{ status: 206, client: undefined, outcome: 'complete' }]);
  });
});

test('a custom rule gets Headers, in an app and without one', async () => {
  const seen: [boolean, string, string | undefined][] = [];
  const access = hookAccess(({ headers, clientAddress }) => {
    seen.push([headers instanceof Headers, new Headers(headers).get('X-One') ?? '', clientAddress]);
    return true;
  });
  const gateway = createGateway({ store, observers: [], access });
  for (const app of [gateway, new Hono().route('/', gateway)]) {
    expect((await ask(`${await open(app)}/key`, FIELDS)).status).toBe(206);
  }
  expect(seen).toEqual(Array.from({ length: 2 }, () => [true, FIELDS['x-one'], '127.0.0.1']));
});
