import { describe, expect, test } from 'vitest';
import { createGateway, type GatewayOptions } from '../../../src/gateway/create-gateway.ts';
import { memoryStore } from '../../../src/store/drivers/memory.ts';

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8';

async function open(options: Partial<GatewayOptions> = {}) {
  const store = memoryStore();
  await store.put('a', new Uint8Array(10));
  await store.put('404.html', new TextEncoder().encode('<h1>gone</h1>'), { contentType: 'text/html' });
  const gateway = createGateway({ store, observers: [], ...options });
  return async (path: string, headers: Record<string, string>, method = 'GET') => {
    const response = await gateway.request(path, { method, headers });
    const { status } = response;
    return {
      status,
      type: response.headers.get('Content-Type'),
      headers: response.headers,
      text: await response.text(),
    };
  };
}

describe('an error', () => {
  test.each([
    ['/none', {}, 404, 'Not Found'],
    ['/a', { Range: 'bytes=20-' }, 416, 'Range Not Satisfiable'],
    ['/a', { 'If-Match': '"x"' }, 412, 'Precondition Failed'],
    ['/%zz', {}, 400, 'Bad Request'],
  ])('of %s with %j is a page for a browser', async (path, fields, status, title) => {
    const get = await open();
    const page = await get(path, { ...fields, Accept: BROWSER });
    expect([page.status, page.type]).toEqual([status, 'text/html; charset=utf-8']);
    expect(page.text).toContain(`<h1>${title}</h1>`);
    expect(page.text).toContain(page.headers.get('X-Request-Id'));
    expect(page.headers.get('Content-Length')).toBe(String(new TextEncoder().encode(page.text).length));
    expect(page.headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    expect(page.headers.get('Cache-Control')).toBe('no-store');
    expect(page.headers.get('Content-Range')).toBe(status === 416 ? 'bytes */10' : null);
    const head = await get(path, { ...fields, Accept: BROWSER }, 'HEAD');
    // A Range of a HEAD is ignored.
    if (status !== 416) expect([head.status, head.type, head.text]).toEqual([status, 'text/html; charset=utf-8', '']);
  });

  test.each([undefined, '*/*', 'application/json', 'image/avif,*/*;q=0.8', 'text/html;q=0.5,*/*', 'text/*;q=0'])(
    'is a problem document for Accept %j',
    async (accept) => {
      const get = await open({ notFound: '404.html' });
      const { type, text } = await get('/none', accept === undefined ? {} : { Accept: accept });
      expect(type).toBe('application/problem+json');
      expect(JSON.parse(text)).toMatchObject({ status: 404, title: 'Not Found' });
    },
  );

  test('escapes all values', async () => {
    const get = await open();
    const { text } = await get('/none', { Accept: BROWSER, 'X-Request-Id': '<b>' });
    expect(text).not.toContain('<b>');
  });
});

describe('the document of the setting notFound', () => {
  test('is answered with 404', async () => {
    const get = await open({ notFound: '404.html' });
    const page = await get('/none', { Accept: BROWSER });
    expect([page.status, page.type, page.text]).toEqual([404, 'text/html', '<h1>gone</h1>']);
    expect(page.headers.get('ETag')).toBeNull();
    const head = await get('/none', { Accept: BROWSER }, 'HEAD');
    expect([head.status, head.headers.get('Content-Length'), head.text]).toEqual([404, '13', '']);
  });

  test('that is missing itself is the page of the error', async () => {
    const get = await open({ notFound: 'nowhere.html' });
    expect((await get('/none', { Accept: BROWSER })).text).toContain('There is no such object.');
  });
});
