import { Hono, type Handler, type MiddlewareHandler } from 'hono';
import { describe, expect, test } from 'vitest';
import {
  accessLog,
  authorize,
  basicAccess,
  concurrencyLimit,
  cors,
  download,
  memoryStore,
  methodNotAllowed,
  mount,
  onError,
  options,
  purge,
  PURGE,
  requestId,
  type AccessRule,
  type RangewayState,
  type RangewayEnv,
} from '../../../src/index.ts';
import { recordingObserver } from '../recording-observer.ts';

const TOKEN = 'a-token-that-nobody-guesses-0123456789';
const TEXT = '0123456789';
const ORIGIN = 'https://pages.example';

/** A custom app with each middleware and handler in its place, over one object. */
async function compose(path: string, { access, base }: { access?: AccessRule; base?: string } = {}) {
  const store = memoryStore();
  const { etag } = await store.put('dir/a b.txt', new TextEncoder().encode(TEXT));
  const watched = recordingObserver();
  const seen: RangewayState[] = [];
  const look: MiddlewareHandler<RangewayEnv> = async (c, next) => {
    await next();
    seen.push({ ...c.var.rangeway });
  };
  const app = new Hono<RangewayEnv>();
  const parts = base === undefined ? app : app.basePath(base);
  parts.use(
    path,
    requestId(),
    look,
    accessLog([watched]),
    cors(),
    mount({ store, access, cors: { origins: [ORIGIN] } }),
  );
  parts.get(path, authorize(), concurrencyLimit(2), download());
  parts.on(PURGE, path, purge({ token: TOKEN }));
  parts.options(path, options());
  parts.all(path, methodNotAllowed(PURGE));
  app.get('/beside', (c) => c.text('beside'));
  app.onError(onError);
  return { app, seen, watched, etag: `"${etag?.opaque}"` };
}

const places: Readonly<Record<string, { readonly path: string; readonly base?: string; readonly at: string }>> = {
  'below a path': { path: '/files/*', at: '/files' },
  'at the root': { path: '*', at: '' },
  'below a path with a parameter': { path: '/t/:tenant/files/*', at: '/t/acme/files' },
  'below a parameter that is encoded': { path: '/t/:tenant/files/*', at: '/t/a%2Fb%20c/files' },
  'below a base path': { path: '/files/*', base: '/api/v1', at: '/api/v1/files' },
  'below a base path with a parameter': { path: '/files/*', base: '/t/:tenant', at: '/t/acme/files' },
  'below a parameter of a pattern': { path: '/t/:tenant{[a-z]+}/files/*', at: '/t/acme/files' },
};

interface Case {
  readonly method?: string;
  readonly key?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly body?: string | RegExp;
  readonly answer?: Readonly<Record<string, string | null>>;
}

const FOUND = 'dir/a%20b.txt';
const cases: Readonly<Record<string, Case>> = {
  whole: { status: 200, body: TEXT, answer: { 'Content-Length': '10' } },
  HEAD: { method: 'HEAD', status: 200, body: '', answer: { 'Content-Length': '10' } },
  'one range': {
    fields: { Range: 'bytes=2-4' },
    status: 206,
    body: '234',
    answer: { 'Content-Range': 'bytes 2-4/10' },
  },
  'several ranges': { fields: { Range: 'bytes=0-0,9-9' }, status: 206, body: /bytes 0-0\/10[^]*bytes 9-9\/10/ },
  'not modified': { fields: { 'If-None-Match': '*' }, status: 304, body: '' },
  'another version': { fields: { 'If-Match': '"other"' }, status: 412, body: /"status":412,/ },
  'past the end': {
    fields: { Range: 'bytes=10-' },
    status: 416,
    body: /"status":416,/,
    answer: { 'Content-Range': 'bytes */10' },
  },
  missing: { key: 'none', status: 404, body: /There is no such object/ },
  'no key': { key: 'a%00b', status: 400, body: /NUL/ },
  'too long': { key: 'x'.repeat(20_000), status: 414, body: /"status":414,/ },
  'another method': { method: 'DELETE', status: 405, answer: { Allow: 'GET, HEAD, OPTIONS, PURGE' } },
  preflight: {
    method: 'OPTIONS',
    fields: { 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'range' },
    status: 204,
    body: '',
    answer: { 'Access-Control-Allow-Methods': 'GET, HEAD', Allow: 'GET, HEAD, OPTIONS' },
  },
  'purge without a token': { method: PURGE, status: 401, answer: { 'WWW-Authenticate': 'Bearer realm="purge"' } },
  purge: { method: PURGE, fields: { Authorization: `Bearer ${TOKEN}` }, status: 204, body: '' },
};

/** Responses without the CORS fields of the mount, because no mount matches. */
const NOWHERE = new Set(['no key']);

describe.each(Object.entries(places))('middleware and handlers in a custom app, %s', (_, { path, base, at }) => {
  test.for(Object.entries(cases))('%s', async ([name, one]) => {
    const { app, watched, seen } = await compose(path, base === undefined ? {} : { base });
    const { method = 'GET', key = FOUND, fields = {}, status, body, answer = {} } = one;
    const response = await app.request(`${at}/${key}`, { method, headers: { Origin: ORIGIN, ...fields } });
    const text = await response.text();
    expect([response.status, text]).toEqual([
      status,
      body instanceof RegExp ? expect.stringMatching(body) : (body ?? text),
    ]);
    for (const [field, value] of Object.entries(answer)) expect(response.headers.get(field), field).toBe(value);
    const id = response.headers.get('X-Request-Id');
    expect(id).toMatch(/^[\da-f-]{36}$/);
    if (!NOWHERE.has(name)) {
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe(ORIGIN);
      expect(response.headers.get('Vary')).toBe('Origin');
    }
    await expect.poll(() => watched.ends).toMatchObject([{ requestId: id, status, method, outcome: 'complete' }]);
    expect(seen).toHaveLength(1);
  });

  test('a custom middleware and the log entry have mount, key, grant and operations', async () => {
    const { app, watched, seen } = await compose(path, base === undefined ? {} : { base });
    await (await app.request(`${at}/${FOUND}`)).text();
    await expect.poll(() => watched.ends).toHaveLength(1);
    const stats = { operations: 1, continued: 0 };
    const shared = { mount: { path: '', host: undefined }, key: 'dir/a b.txt', stats };
    expect(watched.ends).toMatchObject([shared]);
    expect(seen).toMatchObject([{ ...shared, requestId: watched.ends[0]?.requestId, grant: { isPrivate: false } }]);
  });
});

describe('a custom app with an access rule', () => {
  const access = basicAccess({ users: [{ name: 'ann', password: 'a password of hers' }] });
  const credentials = { Authorization: `Basic ${btoa('ann:a password of hers')}` };

  test('401 without credentials, 200 with them, and a preflight, which has none, succeeds', async () => {
    const { app, seen } = await compose('/files/*', { access });
    const ask = (headers: Record<string, string>, method = 'GET') =>
      app.request(`/files/${FOUND}`, { method, headers: { Origin: ORIGIN, ...headers } });
    const refused = await ask({});
    expect([refused.status, refused.headers.get('Access-Control-Allow-Origin')]).toEqual([401, ORIGIN]);
    expect(refused.headers.get('WWW-Authenticate')).toMatch(/^Basic /);
    expect((await ask(credentials)).status).toBe(200);
    expect(seen.map(({ grant }) => grant?.isPrivate)).toEqual([undefined, true]);
    expect((await ask({ 'Access-Control-Request-Method': 'GET' }, 'OPTIONS')).status).toBe(204);
  });

  test('a rule that throws gives a 500 of the gateway, logged with its cause', async () => {
    const error = new Error('the rule of the user');
    const { app, watched } = await compose('/files/*', {
      access: () => {
        throw error;
      },
    });
    const response = await app.request(`/files/${FOUND}`);
    expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining('of the user')]);
    expect(watched.ends).toMatchObject([{ outcome: 'failed', cause: error, status: 500 }]);
  });
});

test('concurrencyLimit() responds 503 while bodies are unread, and 200 again when one has ended', async () => {
  const { app, watched } = await compose('/files/*');
  // A body of two parts holds its slot until it is read.
  const ask = () => app.request(`/files/${FOUND}`, { headers: { Range: 'bytes=0-0,9-9' } });
  const [first, second, third] = [await ask(), await ask(), await ask()];
  expect([first.status, second.status, third.status]).toEqual([206, 206, 503]);
  expect(third.headers.get('Retry-After')).toBe('5');
  await first.text();
  await expect.poll(() => watched.ends).toHaveLength(2);
  expect((await ask()).status).toBe(206);
  await second.body?.cancel();
  await expect.poll(() => watched.ends.map(({ outcome }) => outcome)).toEqual(['complete', 'complete', 'aborted']);
});

describe('a custom handler after mount() and authorize()', () => {
  const ownApp = (handler: Handler<RangewayEnv>) => {
    const watched = recordingObserver();
    const app = new Hono<RangewayEnv>().onError(onError);
    app.use(
      '/files/*',
      requestId(),
      accessLog([watched]),
      cors(),
      mount({ store: memoryStore(), cors: { origins: [ORIGIN] } }),
    );
    app.get('/files/*', authorize(), handler);
    return { app, watched };
  };

  test('has the values of the middleware, and its response has the common header fields', async () => {
    const { app, watched } = ownApp((c) => {
      c.header('Vary', 'Accept');
      return c.json({ ...c.var.rangeway, own: true });
    });
    const response = await app.request('/files/dir/a%20b.txt', { headers: { Origin: ORIGIN } });
    const id = response.headers.get('X-Request-Id');
    expect(await response.json()).toMatchObject({
      requestId: id,
      mount: { path: '' },
      key: 'dir/a b.txt',
      grant: { isPrivate: false },
      stats: { operations: 0, continued: 0 },
      own: true,
    });
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(ORIGIN);
    expect(response.headers.get('Vary')?.split(/, */)).toEqual(['Accept', 'Origin']);
    expect(watched.starts).toEqual([]);
    expect(watched.ends).toMatchObject([{ status: 200, key: 'dir/a b.txt', delivered: [], bytesSent: null }]);
  });

  test.for<readonly [string, () => Response]>([
    ['fields that can not be changed', () => Response.redirect('https://elsewhere.example/', 302)],
    ['a bare Response', () => new Response('own', { headers: { 'X-Request-Id': 'of the user' } })],
  ])('responds with %s', async ([, answer]) => {
    const { app } = ownApp(() => answer());
    const response = await app.request('/files/a', { headers: { Origin: ORIGIN } });
    expect(response.headers.get('X-Request-Id')).toMatch(/^[\da-f-]{36}$/);
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(ORIGIN);
    expect(response.headers.get('Vary')).toBe('Origin');
  });

  test('throws: problem+json with the request id, and the cause only in the log', async () => {
    const error = new Error('of the user');
    const { app, watched } = ownApp(() => {
      throw error;
    });
    const response = await app.request('/files/a', { headers: { Origin: ORIGIN } });
    const id = response.headers.get('X-Request-Id');
    expect([response.status, response.headers.get('Content-Type')]).toEqual([500, 'application/problem+json']);
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(ORIGIN);
    const text = await response.text();
    expect(text).toContain(id);
    expect(text).not.toContain('of the user');
    expect(watched.ends).toMatchObject([{ requestId: id, status: 500, outcome: 'failed', cause: error }]);
  });
});
