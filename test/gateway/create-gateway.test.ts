import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { createGateway, type GatewayOptions } from '../../src/gateway/create-gateway.ts';
import { logObserver, type LogEntry } from '../../src/observe/log.ts';
import { memoryStore, type StoredMetadata } from '../../src/store/drivers/memory.ts';

const text = (value: string) => new TextEncoder().encode(value);

async function gatewayWith(options: Omit<GatewayOptions, 'store' | 'log'> = {}, metadata: StoredMetadata = {}) {
  const store = memoryStore();
  const entries: LogEntry[] = [];
  await store.put('digits', text('0123456789'), metadata);
  await store.put('site/index.html', text('<p>index</p>'));
  await store.put('index.html', text('<p>root</p>'));
  return {
    store,
    entries,
    gateway: createGateway({ store, observers: [logObserver((entry) => entries.push(entry))], ...options }),
  };
}

describe('settings', () => {
  test('headRange lets HEAD heed Range', async () => {
    const { gateway } = await gatewayWith({ headRange: true });
    const response = await gateway.request('/digits', { method: 'HEAD', headers: { Range: 'bytes=0-3' } });
    expect([response.status, response.headers.get('Content-Range'), response.headers.get('Content-Length')]).toEqual([
      206,
      'bytes 0-3/10',
      '4',
    ]);
    const several = await gateway.request('/digits', { method: 'HEAD', headers: { Range: 'bytes=0-3,5-6' } });
    const same = await gateway.request('/digits', { headers: { Range: 'bytes=0-3,5-6' } });
    expect(several.headers.get('Content-Length')).toBe(String((await same.arrayBuffer()).byteLength));
  });

  test('index serves a file for a path that ends in a slash, and changes no other path', async () => {
    const { gateway } = await gatewayWith({ index: 'index.html' });
    expect(await (await gateway.request('/site/')).text()).toBe('<p>index</p>');
    expect(await (await gateway.request('/')).text()).toBe('<p>root</p>');
    expect((await gateway.request('/other/')).status).toBe(404);
    expect((await gateway.request('/other')).status).toBe(404);
  });

  test('with index, a folder without its slash is redirected to where its links are resolved', async () => {
    const { gateway, store } = await gatewayWith({ index: 'index.html' });
    await store.put('deep/a b/index.html', new TextEncoder().encode('deep'));
    await store.put('/other.example/index.html', new TextEncoder().encode('no host'));
    for (const [path, location] of [
      ['/site', './site/'],
      ['/site?a=b&download', './site/?a=b&download'],
      ['/deep/a%20b', './a%20b/'],
      ['//other.example', './other.example/'],
    ] as const) {
      for (const method of ['GET', 'HEAD']) {
        const response = await gateway.request(path, { method });
        expect([response.status, response.headers.get('Location')]).toEqual([308, location]);
        expect(response.headers.get('Cache-Control')).toContain('no-cache');
        const target = new URL(location, `http://gateway${path}`);
        expect([target.host, (await gateway.request(target.pathname)).status]).toEqual(['gateway', 200]);
      }
    }
    expect((await (await gatewayWith({})).gateway.request('/site')).status).toBe(404);
  });

  test.for([
    [undefined, undefined, 'no-transform'],
    ['max-age=60', undefined, 'max-age=60, no-transform'],
    ['max-age=60', 'private', 'private, no-transform'],
    ['max-age=60, No-Transform', undefined, 'max-age=60, No-Transform'],
    [undefined, 'bad\r\nSet-Cookie: x', 'no-transform'],
  ] as const)('cacheControl %j with %j stored is sent as %j', async ([setting, stored, sent]) => {
    const { gateway } = await gatewayWith(
      setting === undefined ? {} : { cacheControl: setting },
      stored === undefined ? {} : { cacheControl: stored },
    );
    const response = await gateway.request('/digits');
    expect(response.headers.get('Cache-Control')).toBe(sent);
    expect(response.headers.has('Set-Cookie')).toBe(false);
  });

  test('disposition applies to all objects, ?download to one request', async () => {
    const inline = await gatewayWith(
      { disposition: 'inline' },
      { contentDisposition: 'attachment; filename="stored.txt"' },
    );
    expect((await inline.gateway.request('/digits')).headers.get('Content-Disposition')).toBe(
      'inline; filename="digits"',
    );
    expect((await inline.gateway.request('/digits?download')).headers.get('Content-Disposition')).toBe(
      'attachment; filename="digits"',
    );
    const stored = await gatewayWith({}, { contentDisposition: 'attachment; filename="stored.txt"' });
    expect((await stored.gateway.request('/digits')).headers.get('Content-Disposition')).toBe(
      'attachment; filename="stored.txt"',
    );
  });

  test('cors.origins allows the listed origins, and the response has Vary: Origin', async () => {
    const { gateway } = await gatewayWith({ cors: { origins: ['https://a.example', 'https://b.example'] } });
    const ask = async (headers: Record<string, string>, method = 'GET') =>
      (await gateway.request('/digits', { method, headers })).headers;
    const listed = await ask({ Origin: 'https://b.example' });
    expect([listed.get('Access-Control-Allow-Origin'), listed.get('Vary')]).toEqual(['https://b.example', 'Origin']);
    const stranger = await ask({ Origin: 'https://c.example', 'Access-Control-Request-Method': 'GET' }, 'OPTIONS');
    expect([stranger.get('Access-Control-Allow-Origin'), stranger.get('Vary')]).toEqual([null, 'Origin']);
    expect((await ask({ 'If-None-Match': '*' })).get('Vary')).toBe('Origin');
  });

  test('ranges.maxRanges limits the number of ranges', async () => {
    const { gateway } = await gatewayWith({ ranges: { maxRanges: 2 } });
    const status = async (Range: string) => (await gateway.request('/digits', { headers: { Range } })).status;
    expect([await status('bytes=0-0,2-2'), await status('bytes=0-0,2-2,4-4')]).toEqual([206, 200]);
  });

  test('a Range field of more than 32768 characters is ignored', async () => {
    const { gateway } = await gatewayWith();
    const status = async (Range: string) => (await gateway.request('/digits', { headers: { Range } })).status;
    expect([await status('bytes=0-0'.padEnd(32_768, ',')), await status('bytes=0-0'.padEnd(32_769, ','))]).toEqual([
      206, 200,
    ]);
  });

  test('a stored content coding is passed through, also for ranges', async () => {
    const { gateway } = await gatewayWith(
      {},
      { contentEncoding: 'gzip', contentLanguage: 'de', expires: 'Tuesday, 01-Jan-30 00:00:00 GMT' },
    );
    const response = await gateway.request('/digits', {
      headers: { Range: 'bytes=2-4', 'Accept-Encoding': 'identity' },
    });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-encoding': 'gzip',
      'content-language': 'de',
      expires: 'Tue, 01 Jan 2030 00:00:00 GMT',
      'content-range': 'bytes 2-4/10',
    });
    expect(await response.text()).toBe('234');
  });
});

describe('invalid settings are refused at start, with their name', () => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [
      { cacheControll: 'x' },
      /cacheControll: no such field; did you mean cacheControl\? there are cacheControl, cdnCacheControl, cacheTags, disposition, index, listing, listingLimit, notFound, headRange, cors, resume, parallelReads, blocks, ranges/,
    ],
    [{ headRange: 'yes' }, /headRange: takes true or false, not "yes"/],
    [{ disposition: 'download' }, /disposition: takes "attachment" or "inline", not "download"/],
    [{ index: 'a/b' }, /index: takes a file name without slashes, such as "index.html", not "a\/b"/],
    [{ cacheControl: 'a\r\nb' }, /cacheControl: takes the value of a Cache-Control field/],
    [{ ranges: { maxRanges: -1 } }, /ranges\.maxRanges: takes a whole number from 0 to 10000 \(ranges\), not -1/],
    [{ ranges: { maxReads: 1.5 } }, /ranges\.maxReads: takes a whole number/],
    [{ ranges: { max: 1 } }, /ranges\.max: no such field; there are maxRanges, maxReads, nearGap$/],
    [{ ranges: { maxFieldLength: 1 } }, /ranges\.maxFieldLength: no such field; it is always 32768; there are/],
    [{ ranges: { maxGapBytes: 1 } }, /ranges\.maxGapBytes: no such field; it is always 67108864; there are/],
    [{ resume: { tries: 1 } }, /resume\.tries: no such field; it is always 3; there are idleTimeout$/],
    [{ resume: { patience: 1 } }, /resume\.patience: no such field; it is always 60000; there are idleTimeout$/],
    [{ log: () => undefined }, /log: no such field; in code, use observers: \[logObserver\(log\)\]; there are/],
    [{ logged: 'errors' }, /logged: no such field; in code, use observers: \[logObserver\(log, logged\)\]; there are/],
    [{ resume: 1 }, /resume: takes true, false, or a table with the field idleTimeout, not 1$/],
    [{ resume: null }, /resume: takes true, false, or a table with the field idleTimeout, not null$/],
    [{ resume: [] }, /resume: takes true, false, or a table/],
    [{ resume: { idleTimeout: 0 } }, /resume\.idleTimeout: takes a whole number from 1/],
    [{ ranges: 5 }, /ranges: takes a table with the fields maxRanges/],
    [{ cors: { origin: '*' } }, /cors\.origin: no such field; did you mean origins\? there are origins/],
    [{ cors: { origins: 'https://a.example' } }, /cors\.origins: takes "\*" or a list of origins/],
    [
      { cors: { origins: ['a.example/path'] } },
      /cors\.origins\.0: takes origins as browsers send them, such as "https:\/\/example.com"/,
    ],
    [
      { mounts: [{ store: memoryStore(), transfers: 'exact' }], store: undefined },
      /^mounts\.0\.transfers: has no effect here/,
    ],
    [{ headRange: 1, index: '' }, /index: takes[^]*headRange: takes/],
  ];
  test.for(wrong)('%o', ([settings, message]) => {
    expect(() => createGateway({ store: memoryStore(), ...settings })).toThrow(
      expect.objectContaining({ name: 'SettingsError', message: expect.stringMatching(message) }),
    );
  });
});

test('a gateway can be mounted in another app', async () => {
  const { gateway } = await gatewayWith();
  const app = new Hono().get('/health', (c) => c.text('fine')).route('/files', gateway);
  expect(await (await app.request('/files/digits', { headers: { Range: 'bytes=-2' } })).text()).toBe('89');
  expect(await (await app.request('/health')).text()).toBe('fine');
  expect((await app.request('/digits')).status).toBe(404);
});

describe('the log entry', () => {
  test('of a range that was sent', async () => {
    const { gateway, entries } = await gatewayWith();
    await (await gateway.request('/digits?token=secret', { headers: { Range: 'bytes=2-4' } })).text();
    expect(entries).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        requestId: expect.stringMatching(/^[\da-f-]{36}$/),
        method: 'GET',
        mount: '/',
        key: 'digits',
        status: 206,
        range: 'bytes=2-4',
        bytesSent: 3,
        storageReads: 1,
        continued: 0,
        bytesRead: 3,
        durationMs: expect.any(Number),
        outcome: 'complete',
      },
    ]);
  });

  test('of a client that disconnected has the bytes that it got', async () => {
    const { gateway, entries, store } = await gatewayWith();
    await store.put('large', new Uint8Array(1024 * 1024));
    const reader = (await gateway.request('/large')).body?.getReader();
    await reader?.read();
    expect(entries).toEqual([]);
    await reader?.cancel();
    expect(entries).toMatchObject([{ outcome: 'aborted', bytesSent: 65_536, bytesRead: 65_536 }]);
  });

  test('of several ranges counts part headers as sent, and gaps as read', async () => {
    const { gateway, entries } = await gatewayWith();
    const body = await (await gateway.request('/digits', { headers: { Range: 'bytes=0-1,8-9' } })).arrayBuffer();
    expect(entries).toMatchObject([{ bytesSent: body.byteLength, bytesRead: 10, storageReads: 1 }]);
  });

  test('of a path without an object', async () => {
    const { gateway, entries } = await gatewayWith();
    await gateway.request('/%00');
    await gateway.request('/digits', { method: 'DELETE' });
    expect(entries).toMatchObject([
      { key: null, status: 400, storageReads: 0 },
      { key: 'digits', method: 'DELETE', status: 405, storageReads: 0 },
    ]);
  });

  test('truncates a long Range', async () => {
    const { gateway, entries } = await gatewayWith();
    await (await gateway.request('/digits', { headers: { Range: `bytes=${'0-0,'.repeat(500)}` } })).text();
    expect(entries[0]?.range).toHaveLength(200);
  });
});
