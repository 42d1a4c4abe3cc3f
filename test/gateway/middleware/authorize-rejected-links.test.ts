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

/** Where the object is, where it is not, and where the storage may not be touched. */
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
  // The host is given: each server's own has another port, which no answer may depend on.
  return send(
    { host: '127.0.0.1', port: Number(port) },
    { method, target: `${fields.path ?? pathname}${search}`, headers: [...headers, ['Host', 'files.example']] },
  );
}

/** All of an answer but what is its own: the request's id. */
function comparable({ status, headers, body }: WireResponse) {
  const id = /[\da-f]{8}-[\da-f-]{27}/g;
  return {
    status,
    headers: headers.map(([name, value]) => `${name}: ${value.replace(id, 'ID')}`),
    body: Buffer.from(body).toString().replace(id, 'ID'),
  };
}

/** Resolved in plain sight as RFC 3986 §5.2.4 has it, these are addresses of the very object that the link opens. */
const RESOLVED = new Set(['a dot segment', 'a parent segment', 'an encoded parent segment']);

/** What is refused before any rule is asked, the same whatever there is: by the parser, by method, or as no path. */
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

test('most rows reach a rule', () => {
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

describe('a bad link gets one answer, and the storage is not asked', () => {
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

describe('times', () => {
  test('a link that has expired, or is not valid yet, says so, and how a download goes on', async () => {
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

  test('a response that runs is not cut when its link expires; what is continued then gets 403, and a new link goes on', async () => {
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

test('the field that says what would be accepted is no part of a refused link', async () => {
  expect(valuesOf(await ask(servers.unreadStreams, ['', '/files/a.bin']), 'www-authenticate')).toEqual([]);
});
