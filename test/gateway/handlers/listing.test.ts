import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generateLinkKey, hookAccess, parseLinkKeys, signedAccess, signLink } from '../../../src/access/index.ts';
import { createGateway, type GatewayOptions } from '../../../src/gateway/create-gateway.ts';
import type { DownloadEvent } from '../../../src/observe/event.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';
import { mapCache } from '../../cache/map-cache.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const KEYS = ['README.md', 'a.txt', 'b.bin', 'docs/index.html', 'docs/more/x', 'empty//y', '.rangeway/pieces/z'];

async function open(options: Partial<GatewayOptions> = {}, keys: readonly string[] = KEYS) {
  const memory = memoryStore();
  for (const key of keys) await memory.put(key, bytes(key));
  const events: DownloadEvent[] = [];
  let lists = 0;
  const store = Object.assign(
    { head: memory.head, read: memory.read },
    { list: (...parameters: Parameters<typeof memory.list>) => (lists++, memory.list(...parameters)) },
  );
  const gateway = createGateway({
    store,
    listing: 'html',
    observers: [{ end: (event) => void events.push(event) }],
    ...options,
  });
  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const response = await gateway.request(path, { method, headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return { get, memory, events, lists: () => lists };
}

const JSON_ONLY = { Accept: 'application/json' };
/** Addresses of rows, in order. */
const linksOf = (html: string) =>
  [...html.matchAll(/<td class="name"><a href="([^"]*)"/g)].map(([, href = '']) =>
    href.replaceAll('&#39;', "'").replaceAll('&amp;', '&'),
  );
const namesOf = (json: string): string[] =>
  JSON.parse(json).map(({ name, type }: { name: string; type: string }) => (type === 'directory' ? `${name}/` : name));

describe('a folder', () => {
  test('is a page for people, with its folders first', async () => {
    const { get } = await open();
    const { status, headers, text } = await get('/', { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
    expect(status).toBe(200);
    expect(headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(headers.get('Vary')).toContain('Accept');
    expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    expect(linksOf(text)).toEqual(['./docs/', './empty/', './README.md', './a.txt', './b.bin']);
    expect(text).toContain('<pre>README.md</pre>');
    expect(text.length).toBeLessThan(20 * 1024);
  });

  test('is JSON for programs, in the shape of nginx', async () => {
    const { get, memory } = await open();
    const { headers, text } = await get('/', JSON_ONLY);
    expect(headers.get('Content-Type')).toBe('application/json');
    expect(headers.get('Content-Security-Policy')).toBeNull();
    const representation = await memory.head('a.txt');
    expect(JSON.parse(text)[0]).toEqual({ name: 'docs', type: 'directory' });
    expect(JSON.parse(text)[3]).toEqual({
      name: 'a.txt',
      type: 'file',
      mtime: representation?.lastModified?.toUTCString(),
      size: 5,
      etag: `"${representation?.etag?.opaque}"`,
      reprDigest: (await get('/a.txt')).headers.get('Repr-Digest'),
    });
    expect((await get('/?format=json', { Accept: 'text/html' })).text).toBe(text);
    expect((await get('/?format=json')).headers.get('Vary')).toBeNull();
  });

  test('with the setting "json" is JSON for everyone', async () => {
    const { get } = await open({ listing: 'json' });
    const { headers } = await get('/', { Accept: 'text/html' });
    expect([headers.get('Content-Type'), headers.get('Vary')]).toEqual(['application/json', null]);
    expect((await get('/?format=html')).status).toBe(400);
  });

  test('is not listed without the setting', async () => {
    const { get, lists } = await open({ listing: false });
    expect((await get('/')).status).toBe(404);
    expect((await get('/docs')).status).toBe(404);
    expect(lists()).toBe(0);
  });

  test('without its slash is redirected, with its query', async () => {
    const { get } = await open();
    for (const path of ['/docs', '/docs/more']) {
      const { status, headers } = await get(`${path}?a=b`);
      expect([status, headers.get('Location')]).toEqual([308, `./${path.split('/').at(-1)}/?a=b`]);
    }
    expect((await get('/nothing')).status).toBe(404);
    expect((await get('/a.txt')).status).toBe(200);
  });

  test('that does not exist is 404, and the root always does', async () => {
    const { get } = await open({}, []);
    expect((await get('/nothing/')).status).toBe(404);
    expect((await get('/.rangeway/')).status).toBe(404);
    expect((await get('/')).text).toContain('This folder is empty.');
    expect((await get('/', JSON_ONLY)).text).toBe('[]\n');
  });

  test('with an index document is that document', async () => {
    const { get, lists } = await open({ index: 'index.html' });
    expect((await get('/docs/')).text).toBe('docs/index.html');
    expect(lists()).toBe(0);
    expect(linksOf((await get('/docs/more/')).text)).toEqual(['./x']);
  });

  test('answers conditions and HEAD as an object does', async () => {
    const { get, memory } = await open();
    const { headers, text } = await get('/');
    const etag = headers.get('ETag') ?? '';
    expect(etag).toMatch(/^"[\da-f]{32}"$/);
    expect(await get('/', { 'If-None-Match': etag })).toMatchObject({ status: 304, text: '' });
    expect(await get('/', { 'If-Match': '"other"' })).toMatchObject({ status: 412 });
    const head = await get('/', {}, 'HEAD');
    expect([head.status, head.text, head.headers.get('Content-Length')]).toEqual([200, '', String(bytes(text).length)]);
    await memory.put('new', bytes('new'));
    expect((await get('/', { 'If-None-Match': etag })).status).toBe(200);
  });

  test('has the Cache-Control of its mount', async () => {
    const { get } = await open({ cacheControl: 'public, max-age=60' });
    expect((await get('/')).headers.get('Cache-Control')).toBe('public, max-age=60, no-transform');
  });

  test('costs one storage operation a page, and is no object for observers', async () => {
    const { get, lists, events } = await open({}, ['a/b', 'a/c']);
    await get('/a/');
    expect(lists()).toBe(1);
    expect(events[0]).toMatchObject({ status: 200, outcome: 'complete', etag: undefined, asked: [] });
  });

  test('is listed once while the metadata are fresh, and again after a purge', async () => {
    const token = '0123456789abcdef0123456789abcdef';
    const { get, lists } = await open({ cache: mapCache(), purge: { token } }, ['a/b']);
    for (let i = 0; i < 3; i++) await get('/a/');
    expect(lists()).toBe(1);
    await get('/a/b', { Authorization: `Bearer ${token}` }, 'PURGE');
    await get('/a/');
    expect(lists()).toBe(2);
  });
});

describe('names of the gateway itself', () => {
  test('are in no listing, however deep, since no such object is served', async () => {
    const { get } = await open({}, ['a/b', 'a/.rangeway/pieces/x', 'a/.rangeways', '.rangeway/x']);
    expect(linksOf((await get('/')).text)).toEqual(['./a/']);
    expect(linksOf((await get('/a/')).text)).toEqual(['./.rangeways', './b']);
    for (const path of ['/.rangeway/', '/.rangeway', '/a/.rangeway/', '/a/.rangeway', '/a/.rangeway/pieces/'])
      expect((await get(path)).status, path).toBe(404);
  });

  test('are not listed below the prefix of a mount either', async () => {
    const { get } = await open({ prefix: '.rangeway/' }, ['.rangeway/x']);
    expect([(await get('/x')).status, (await get('/')).status]).toEqual([404, 404]);
  });
});

describe('the pages of a folder', () => {
  test.for([
    ['public', {}, /^\?format=json&limit=7&cursor=/],
    // A public page is one for all queries, so that a shared cache gives none of one client to others.
    ['private', { access: hookAccess(() => true) }, /^\?keep=1&format=json&limit=7&cursor=/],
  ] as const)('are joined by Link to all of its entries: %s', async ([, settings, link]) => {
    const keys = Array.from({ length: 25 }, (_, i) => `f${String(i).padStart(2, '0')}`);
    const { get } = await open(settings, [...keys, 'd/x']);
    const names: string[] = [];
    for (let next: string | undefined = '?limit=7&format=json&keep=1'; next !== undefined;) {
      const { status, headers, text } = await get(`/${next}`);
      expect(status).toBe(200);
      names.push(...namesOf(text));
      next = /^<(.*)>; rel="next"$/.exec(headers.get('Link') ?? '')?.[1];
      if (next !== undefined) expect(next).toMatch(link);
    }
    expect(names).toEqual(['d/', ...keys]);
  });

  test('refuse a cursor that was changed, or made for another folder, before the storage is asked', async () => {
    const { get, lists } = await open({}, ['a/1', 'a/2', 'b/1', 'b/2']);
    const cursor = /cursor=([\w-]+)/.exec((await get('/a/?limit=1')).headers.get('Link') ?? '')?.[1] ?? '';
    const before = lists();
    for (const path of [
      `/b/?cursor=${cursor}`,
      `/a/?cursor=${cursor}A`,
      `/a/?search=x&cursor=${cursor}`,
      '/a/?cursor=',
    ])
      expect((await get(path)).status, path).toBe(400);
    expect(lists()).toBe(before);
    expect((await get(`/a/?cursor=${cursor}`, JSON_ONLY)).text).toContain('"2"');
  });

  test.each(['format=xml', 'sort=type', 'order=up', 'limit=0', 'limit=1001', 'limit=x', 'limit=-1', 'search=a/b'])(
    'refuse %s',
    async (query) => {
      const { get } = await open();
      const { status, headers, text } = await get(`/?${query}`);
      expect([status, headers.get('Content-Type')]).toEqual([400, 'application/problem+json']);
      expect(JSON.parse(text).detail).toMatch(/^In the query, /);
    },
  );

  test('ignore thousands of other parameters', async () => {
    const { get } = await open();
    expect((await get(`/?${'a&'.repeat(7_000)}`)).status).toBe(200);
  });

  test('have as many entries as the setting says, for programs that read one page alone', async () => {
    const keys = Array.from({ length: 2_100 }, (_, i) => `f${String(i).padStart(4, '0')}`);
    const plain = await open({}, keys);
    expect(linksOf((await plain.get('/')).text)).toHaveLength(1_000);
    const { get, lists } = await open({ listingLimit: 2_050 }, keys);
    const { headers, text } = await get('/');
    expect([linksOf(text).length, lists()]).toEqual([2_050, 3]);
    const next = /^<(.*)>; rel="next"$/.exec(headers.get('Link') ?? '')?.[1] ?? '';
    expect(next).toMatch(/^\?cursor=[\w-]+$/);
    expect(namesOf((await get(`/${next}`, JSON_ONLY)).text)).toEqual(keys.slice(2_050));
    expect(namesOf((await get('/?limit=7&format=json')).text)).toEqual(keys.slice(0, 7));
    expect((await get('/?limit=2050')).status).toBe(200);
    expect((await get('/?limit=2051')).text).toContain('from 1 to 2050');
  });

  test('find names by their beginning', async () => {
    const { get } = await open({}, ['d/alpha', 'd/alps/x', 'd/beta', 'alpha']);
    const { text } = await get('/d/?search=al');
    expect(linksOf(text)).toEqual(['./alps/', './alpha']);
    expect((await get('/d/?search=%3Cb%3E')).text).toContain('begins with “&lt;b&gt;”');
  });
});

describe('a folder behind a rule', () => {
  test('is listed for its link alone, and all addresses keep the link', async () => {
    const keys = parseLinkKeys(generateLinkKey('k1'));
    const { get, lists } = await open({ access: signedAccess(keys) }, ['beta/a b', 'beta/sub/x', 'other/y']);
    expect((await get('/beta/')).status).toBe(403);
    expect(lists()).toBe(0);
    const terms = { prefix: '/beta/', expires: 2_000_000_000 };
    const link = new URL(await signLink('http://localhost/beta/', terms, keys[0]));
    const { status, headers, text } = await get(`${link.pathname}${link.search}&sort=size`);
    expect(status).toBe(200);
    expect(headers.get('Cache-Control')).toContain('private');
    const hrefs = linksOf(text);
    expect(hrefs).toHaveLength(2);
    for (const href of hrefs) {
      const { pathname, search } = new URL(href, 'http://localhost/beta/');
      expect(search).not.toContain('sort');
      expect((await get(pathname + search)).status).toBe(200);
    }
  });
});

test('names of any characters are escaped, and lead to their objects', async () => {
  // Segments that clients remove from addresses are never listed.
  const name = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 20 })
    .filter((text) => text.isWellFormed() && !text.includes('\0') && !/^\.{1,2}$/.test(text) && !text.includes('/'));
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.oneof(name, fc.constantFrom(...HOSTILE)), { maxLength: 8 }), async (names) => {
      const { get } = await open({}, names);
      const { text } = await get('/');
      const [, body = ''] = /<tbody>(.*)<\/tbody>/s.exec(text) ?? [];
      expect(body.replaceAll(/<\/?(?:tr|td|a|bdi|time)(?: [a-z-]+(?:="[^"<>]*")?)* ?>/g, '')).not.toMatch(/[<>"']/);
      expect(body).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      for (const href of linksOf(text)) {
        const { pathname } = new URL(href, 'http://localhost/');
        const found = await get(pathname);
        const isFolder = pathname.endsWith('/');
        expect([found.status, isFolder || found.text]).toEqual([
          200,
          isFolder || decodeURIComponent(pathname.slice(1)),
        ]);
      }
      expect(linksOf(text)).toHaveLength(new Set(names.map((key) => key.replace(/\/.*/, '/'))).size);
    }),
    { numRuns: 60 },
  );
});

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='x",
  'javascript:alert(1)',
  '&lt;b&gt;',
  '\u202Egnp.exe',
  '\u2066x',
  '\n\t\r',
  '</pre>',
  '<!--',
  '%2e%2e',
  '?a=b#c',
];
