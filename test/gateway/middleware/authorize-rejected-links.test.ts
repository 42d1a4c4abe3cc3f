import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { signedAccess } from '../../../src/access/index.ts';
import { createGateway, type NodeServer } from '../../../src/platform/node/index.ts';
import { serve } from '../../../src/platform/node/serve.ts';
import type { ObjectStore } from '../../../src/store/object-store.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import { badLinks, CLIENT, early, folder, full, plain, type Row } from '../../access/rejected-links.ts';
import { KEYS } from '../../access/links.ts';
import { NOW } from '../../access/request.ts';
import { send, valuesOf, type WireResponse } from '../../conformance/wire.ts';

/** A store with the object, one without it, and one that fails the test if it is read. */
let servers: { readonly present: NodeServer; readonly missing: NodeServer; readonly unreadStreams: NodeServer };
let touched = 0;

const toucher: ObjectStore = {
  async head() {
    touched++;
    return undefined;
  },
  async read() {
    touched++;
    return { type: 'missing' };
  },
};

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW * 1000 });
  const store = memoryStore();
  for (const key of ['files/a.bin', 'files/b.bin', 'files/b/c.bin']) await store.put(key, new Uint8Array(10));
  const open = (over: ObjectStore) =>
    serve(createGateway({ store: over, access: signedAccess(KEYS), observers: [{ end: () => undefined }] }), {
      port: 0,
      trustedProxies: 1,
    });
  servers = { present: await open(store), missing: await open(memoryStore()), unreadStreams: await open(toucher) };
});
afterAll(async () => {
  vi.useRealTimers();
  await Promise.all(Object.values(servers).map((server) => server.stop(1_000)));
});

function ask(server: NodeServer, [, url, fields = {}]: Row, method = fields.method ?? 'GET'): Promise<WireResponse> {
  const { pathname, search } = new URL(url, 'http://localhost');
  const { port } = new URL(server.url);
  const headers = [...(fields.headers ?? [])];
  if (fields.clientAddress !== undefined) headers.push(['X-Forwarded-For', fields.clientAddress]);
  // The Host is fixed, because each server has another port, and no response may depend on it.
  return send(
    { host: '127.0.0.1', port: Number(port) },
    { method, target: `${fields.path ?? pathname}${search}`, headers: [...headers, ['Host', 'files.example']] },
  );
}

/** All of a response except the request id, which differs. */
function comparable({ status, headers, body }: WireResponse) {
  const id = /[\da-f]{8}-[\da-f-]{27}/g;
  return {
    status,
    headers: headers.map(([name, value]) => `${name}: ${value.replace(id, 'ID')}`),
    body: Buffer.from(body).toString().replace(id, 'ID'),
  };
}

/** After removing dot segments (RFC 3986 §5.2.4), these are addresses of the object that the link opens. */
const RESOLVED = new Set(['a dot segment', 'a parent segment', 'an encoded parent segment']);

/** Requests refused before any access rule, the same for all stores: by the parser, by method, or as an invalid path. */
const EARLIER: Readonly<Record<string, number>> = {
  PUT: 405,
  DELETE: 405,
  POST: 405,
  'a method in lower case': 400,
  'no method': 400,
  'no slash at the front': 400,
  'an empty path': 400,
  'a hidden parent segment': 400,
  'out of the prefix by an encoded slash': 400,
  'NUL at the end': 400,
  'an overlong encoding': 400,
  'a broken encoding': 400,
  'a path without end': 431,
};

const others = badLinks.filter(([name]) => !RESOLVED.has(name) && EARLIER[name] === undefined);

test('most rows reach the access rule', () => {
  expect(others.length).toBeGreaterThanOrEqual(80);
});

test.for<Row>([
  ['plain', plain],
  ['folder', folder.replace('/files/?', '/files/b/c.bin?')],
  ['full', full, CLIENT],
  ...badLinks.filter(([name]) => RESOLVED.has(name)),
])('opens: %s', async (row) => {
  expect((await ask(servers.present, row)).status).toBe(200);
});

describe('a rejected link always gets the same response, and the storage is not read', () => {
  test.for(others)('%s', async (row) => {
    const before = touched;
    const [present, missing, unreadStreams] = await Promise.all(
      [servers.present, servers.missing, servers.unreadStreams].map((server) => ask(server, row)),
    );
    if (present === undefined || missing === undefined || unreadStreams === undefined) throw new Error('no answer');
    const { status, headers, body } = comparable(present);
    expect(status).toBe(403);
    expect(headers).toContain('cache-control: no-store');
    expect(headers).toContain('access-control-allow-origin: *');
    expect(JSON.parse(body)).toEqual({
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
      detail: 'This request may not read here.',
      requestId: 'ID',
    });
    expect(comparable(missing)).toEqual(comparable(present));
    expect(comparable(unreadStreams)).toEqual(comparable(present));
    expect(touched).toBe(before);
    const head = await ask(servers.unreadStreams, row, 'HEAD');
    expect([head.status, head.body.length, touched]).toEqual([403, 0, before]);
  });

  test.for(badLinks.filter(([name]) => EARLIER[name] !== undefined))('%s, before that', async (row) => {
    const before = touched;
    const [name] = row;
    const present = await ask(servers.present, row);
    expect(present.status).toBe(EARLIER[name]);
    expect(comparable(await ask(servers.unreadStreams, row))).toEqual(comparable(present));
    expect(touched).toBe(before);
  });
});

describe('the times of a link', () => {
  test('an expired link, or one not yet valid, gets its own response, which says how to continue a download', async () => {
    const tooEarly = await ask(servers.unreadStreams, ['', early]);
    expect([tooEarly.status, Buffer.from(tooEarly.body).toString()]).toEqual([
      403,
      expect.stringContaining('not valid yet'),
    ]);
    vi.setSystemTime((NOW + 3_600) * 1000);
    const late = await ask(servers.unreadStreams, ['', plain]);
    vi.setSystemTime(NOW * 1000);
    expect([late.status, Buffer.from(late.body).toString()]).toEqual([403, expect.stringContaining('has expired')]);
    expect(touched).toBe(0);
  });

  test('a response in progress continues when its link expires; a later range gets 403, and a new link continues the download', async () => {
    const store = memoryStore();
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const large = new Uint8Array(24 * 1024 * 1024).map((_, i) => bytes[i % bytes.length] ?? 0);
    await store.put('files/a.bin', large);
    const server = await serve(
      createGateway({ store, access: signedAccess(KEYS), observers: [{ end: () => undefined }] }),
      { port: 0 },
    );
    const response = await fetch(`${server.url}${plain}`);
    const reader = response.body?.getReader();
    const first = await reader?.read();
    vi.setSystemTime((NOW + 7_200) * 1000);
    const rest: Uint8Array[] = first?.value === undefined ? [] : [first.value];
    for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) rest.push(next.value);
    const headers = { Range: 'bytes=1000-', 'If-Range': response.headers.get('ETag') ?? '' };
    const continued = await fetch(`${server.url}${plain}`, { headers });
    vi.setSystemTime(NOW * 1000);
    expect(Buffer.concat(rest).equals(large)).toBe(true);
    expect([continued.status, await continued.json()]).toEqual([
      403,
      expect.objectContaining({ detail: expect.stringContaining('has expired') }),
    ]);
    const renewed = await fetch(`${server.url}${folder.replace('/files/?', '/files/a.bin?')}`, { headers });
    expect([renewed.status, renewed.headers.get('Cache-Control')]).toEqual([206, 'private, no-transform']);
    expect(Buffer.from(await renewed.arrayBuffer()).equals(large.subarray(1000))).toBe(true);
    await server.stop(1_000);
  });
});

test('a rejected link gets no WWW-Authenticate', async () => {
  expect(valuesOf(await ask(servers.unreadStreams, ['', '/files/a.bin']), 'www-authenticate')).toEqual([]);
});
