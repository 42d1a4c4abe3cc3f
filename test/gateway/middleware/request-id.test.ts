import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessLog, createGateway, memoryStore, requestId, type Observer } from '../../../src/index.ts';
import { type NodeServer } from '../../../src/platform/node/index.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import { send, valuesOf } from '../../conformance/wire.ts';
import { recordingObserver } from '../recording-observer.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const RANDOM = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

const TOKEN = 'a-token-that-nobody-guesses-0123456789';
const LARGE = 1_000;

async function gatewayWith(observer: Observer, overflow?: 'redirect') {
  const store = memoryStore();
  await store.put('small', new TextEncoder().encode('0123456789'));
  await store.put('large', new Uint8Array(LARGE));
  const link = overflow && (async () => 'https://storage.example/link');
  return createGateway({
    observers: [observer],
    purge: { token: TOKEN },
    mounts: [
      { path: '/', store, overflow: { limit: 500, policy: overflow ?? 'refuse', link } },
      { path: '/guarded', store, access: () => ({ type: 'unauthenticated', challenges: ['Basic realm="files"'] }) },
      { path: '/refused', store, access: () => ({ type: 'refused', reason: 'forbidden' }) },
      { path: '/down', store: { head: down, read: down } },
      {
        path: '/broken',
        store,
        access: () => {
          throw new Error('of a rule');
        },
      },
    ],
  });
}

async function down(): Promise<never> {
  throw Object.assign(new Error('down'), { name: 'StoreError', code: 'unavailable' });
}

describe('the request id of a client', () => {
  const ask = async (headers: Record<string, string>) => {
    const watched = recordingObserver();
    const gateway = await gatewayWith(watched);
    const response = await gateway.request('/none', { headers });
    const id = response.headers.get('X-Request-Id');
    expect(await response.json()).toMatchObject({ status: 404, requestId: id });
    expect(watched.ends).toMatchObject([{ requestId: id, status: 404 }]);
    return { id, traceId: watched.ends[0]?.traceId };
  };

  test.for<readonly [string, string]>([
    ['of the least length', 'a2345678'],
    ['of the greatest length', 'a'.repeat(128)],
    ['a UUID', '0b9d3a52-1d6a-4c1b-9f0e-5f2f5c1a7e11'],
    ['of AWS', 'Root:1-67891233.abcdef012345678912345678'],
    ['with a digit in front', '12345678_9.:-'],
  ])('%s is used', async ([, id]) => {
    expect(await ask({ 'X-Request-Id': id })).toEqual({ id, traceId: undefined });
  });

  test.for<readonly [string, string]>([
    ['empty', ''],
    ['too short', 'a234567'],
    ['too long', 'a'.repeat(129)],
    ['with spaces', 'abcd efgh'],
    ['with a tab', 'abcd\tefgh'],
    ['two lines as one', 'abcdefgh, ijklmnop'],
    ['with a control byte', 'abcdefgh\u0001'],
    ['with an escape', '\u001b[31mabcdefgh'],
    ['with DEL', 'abcdefgh\u007f'],
    ['with markup', '<script>alert(1)</script>'],
    ['with double quotes', '"abcdefgh"'],
    ['with quotes', "abcdefgh'--"],
    ['with a backslash', 'abcdefgh\\n'],
    ['that a shell reads', '$(reboot)abcdefgh'],
    ['with a percent', 'abcdefgh%0a'],
    ['a path', '../../etc/passwd'],
    ['with a hyphen in front, as an option', '--version'],
    ['with a dot in front', '.abcdefgh'],
    ['beyond ASCII', 'abcdefgh\u00e9'],
    ['with a soft hyphen', 'abcd\u00adefgh'],
  ])('%s is replaced', async ([, id]) => {
    expect(await ask({ 'X-Request-Id': id })).toEqual({ id: expect.stringMatching(RANDOM), traceId: undefined });
  });

  const parent = (version: string, more = '', flags = '01') => `${version}-${TRACE}-${PARENT}-${flags}${more}`;

  test.for<readonly [string, string]>([
    ['of version 00', parent('00')],
    ['not sampled', parent('00', '', '00')],
    ['with unknown flags', parent('00', '', 'ff')],
    ['of a later version', parent('cc')],
    ['of a later version that has more', parent('01', '-what-the-future-will-be-like')],
  ])('a trace %s is used', async ([, traceparent]) => {
    expect(await ask({ traceparent })).toEqual({ id: TRACE, traceId: TRACE });
    // X-Request-Id takes precedence, and the trace is logged too.
    const both = { traceparent, 'X-Request-Id': 'id-of-the-client' };
    expect(await ask(both)).toEqual({ id: 'id-of-the-client', traceId: TRACE });
    expect(await ask({ traceparent, 'X-Request-Id': 'bad id' })).toEqual({ id: TRACE, traceId: TRACE });
  });

  test.for<readonly [string, string]>([
    ['empty', ''],
    ['of version ff', parent('ff')],
    ['of version 00 that has more', parent('00', '-more')],
    ['that ends with a hyphen', parent('00', '-')],
    ['of a later version with more that is not set off', parent('01', 'more')],
    ['in capitals', parent('00').toUpperCase()],
    ['whose version is no number', parent('0x')],
    ['whose version has one digit', parent('0')],
    ['of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['whose parent is zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['that is too short', `00-${TRACE.slice(1)}-${PARENT}-01`],
    ['that is too long', `00-${TRACE}0-${PARENT}-01`],
    ['whose parent is too short', `00-${TRACE}-${PARENT.slice(1)}-01`],
    ['without flags', `00-${TRACE}-${PARENT}`],
    ['whose flags have one digit', parent('00', '', '1')],
    ['whose flags are no number', parent('00', '', '0g')],
    ['with underscores', parent('00').replaceAll('-', '_')],
    ['of two lines', `${parent('00')}, ${parent('00')}`],
    ['with text before it', `x${parent('00')}`],
  ])('a trace %s is ignored', async ([, traceparent]) => {
    expect(await ask({ traceparent })).toEqual({ id: expect.stringMatching(RANDOM), traceId: undefined });
    const both = { traceparent, 'X-Request-Id': 'id-of-the-client' };
    expect(await ask(both)).toEqual({ id: 'id-of-the-client', traceId: undefined });
  });
});

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly overflow?: 'redirect';
  readonly status: number;
}

const asked: Readonly<Record<string, Asked>> = {
  '200': { status: 200 },
  '200 to HEAD': { status: 200, method: 'HEAD' },
  '206': { status: 206, fields: { Range: 'bytes=0-3' } },
  '206 of parts': { status: 206, fields: { Range: 'bytes=0-0,9-9' } },
  '304': { status: 304, fields: { 'If-None-Match': '*' } },
  '307': { status: 307, path: '/large', overflow: 'redirect' },
  '400': { status: 400, path: '/a%00b' },
  '401': { status: 401, path: '/guarded/small' },
  '401 to a purge': { status: 401, method: 'PURGE' },
  '403': { status: 403, path: '/refused/small' },
  '404': { status: 404, path: '/none' },
  '404 to HEAD': { status: 404, method: 'HEAD', path: '/none' },
  '405': { status: 405, method: 'DELETE' },
  '412': { status: 412, fields: { 'If-Match': '"other"' } },
  '414': { status: 414, path: `/${'x'.repeat(17_000)}` },
  '416': { status: 416, fields: { Range: 'bytes=10-' } },
  '500': { status: 500, path: '/broken/small' },
  '501': { status: 501, path: '/large' },
  '503': { status: 503, path: '/down/small' },
  '204 to OPTIONS': { status: 204, method: 'OPTIONS' },
  '204 to a preflight': {
    status: 204,
    method: 'OPTIONS',
    fields: { Origin: 'https://pages.example', 'Access-Control-Request-Method': 'GET' },
  },
  '204 to a purge': { status: 204, method: 'PURGE', fields: { Authorization: `Bearer ${TOKEN}` } },
};

const ID = 'id-of-the-client';

describe('the id is in the response, the problem body and the log, and is exposed to pages', () => {
  const watched = recordingObserver();
  const servers = new Map<string, NodeServer>();
  const hosts = ['at the root', 'in another app'] as const;

  beforeAll(async () => {
    for (const overflow of ['redirect', undefined] as const) {
      const gateway = await gatewayWith(watched, overflow);
      const app = new Hono().route('/', gateway);
      servers.set(`at the root ${overflow}`, await serve(gateway, { port: 0 }));
      servers.set(`in another app ${overflow}`, await serve(app, { port: 0 }));
    }
  });
  afterAll(async () => {
    for (const server of servers.values()) await server.stop(100);
  });

  const check = (one: Asked, id: string | null | undefined, exposed: string | null | undefined, text: string) => {
    expect(id).toBe(ID);
    expect(exposed?.split(', ')).toContain('X-Request-Id');
    const isProblem = one.status >= 400 && one.method !== 'HEAD';
    if (isProblem) expect(JSON.parse(text)).toMatchObject({ requestId: ID, status: one.status });
  };
  const isLogged = (status: number) => expect.poll(() => watched.ends).toMatchObject([{ requestId: ID, status }]);

  test.for(Object.entries(asked))('by app.request: %s', async ([, one]) => {
    watched.ends.length = 0;
    const { path = '/small', method = 'GET', fields, overflow, status } = one;
    const gateway = await gatewayWith(watched, overflow);
    const response = await gateway.request(path, { method, headers: { ...fields, 'X-Request-Id': ID } });
    const { headers } = response;
    expect(response.status).toBe(status);
    check(one, headers.get('X-Request-Id'), headers.get('Access-Control-Expose-Headers'), await response.text());
    await isLogged(status);
  });

  test.for(hosts.flatMap((host) => Object.keys(asked).map((name) => [host, name] as const)))(
    'over a socket, %s: %s',
    async ([host, name]) => {
      watched.ends.length = 0;
      const one = asked[name];
      if (one === undefined) throw new Error(name);
      const { path = '/small', method = 'GET', fields = {}, overflow, status } = one;
      const { port } = new URL(servers.get(`${host} ${overflow}`)?.url ?? '');
      const headers = Object.entries({ ...fields, 'X-Request-Id': ID });
      const response = await send({ host: '127.0.0.1', port: Number(port) }, { method, target: path, headers });
      expect(response.status).toBe(status);
      expect(valuesOf(response, 'x-request-id')).toEqual([ID]);
      const [exposed] = valuesOf(response, 'access-control-expose-headers');
      check(one, ID, exposed, new TextDecoder().decode(response.body));
      await isLogged(status);
    },
  );
});

test('a 503 of the concurrency limit has the id of its own request', async () => {
  const watched = recordingObserver();
  const store = memoryStore();
  await store.put('small', new TextEncoder().encode('0123456789'));
  const gateway = createGateway({ store, observers: [watched], limits: { downloads: 1 } });
  const ask = (id: string) => gateway.request('/small', { headers: { Range: 'bytes=0-0,9-9', 'X-Request-Id': id } });
  const [first, second] = [await ask('first-one'), await ask('second-one')];
  expect([first.status, second.status]).toEqual([206, 503]);
  expect(second.headers.get('X-Request-Id')).toBe('second-one');
  expect(await second.json()).toMatchObject({ requestId: 'second-one' });
  expect(watched.ends).toMatchObject([{ requestId: 'second-one', status: 503 }]);
  await first.text();
});

test('a gateway in an app with its own requestId() has the same id, and each access log gets its event', async () => {
  const [outer, inner] = [recordingObserver(), recordingObserver()];
  const app = new Hono();
  app.use(requestId(), accessLog([outer]));
  app.route('/files', await gatewayWith(inner));
  const traceparent = `00-${TRACE}-${PARENT}-01`;
  for (const headers of [{}, { traceparent }]) {
    outer.ends.length = inner.ends.length = 0;
    const response = await app.request('/files/none', { headers });
    const id = response.headers.get('X-Request-Id');
    expect(await response.json()).toMatchObject({ requestId: id });
    const about = { requestId: id, traceId: 'traceparent' in headers ? TRACE : undefined, status: 404 };
    expect(inner.ends).toMatchObject([{ ...about, key: 'none' }]);
    expect(outer.ends).toMatchObject([about]);
  }
});
