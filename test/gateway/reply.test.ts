import { Hono } from 'hono';
import { setCookie } from 'hono/cookie';
import { expect, test } from 'vitest';
import { createGateway, memoryStore } from '../../src/index.ts';

const store = memoryStore();
await store.put('key', new TextEncoder().encode('0123456789'));
const gateway = createGateway({ store, observers: [], cors: { origins: ['https://pages.example'] } });

const OF_CONTENT = ['Content-Encoding', 'Content-Length', 'Content-Range', 'ETag', 'Last-Modified', 'Accept-Ranges'];

test.for<readonly [status: number, method: string, path: string, fields: Record<string, string>]>([
  [200, 'GET', '/key', {}],
  [200, 'HEAD', '/key', {}],
  [206, 'GET', '/key', { Range: 'bytes=2-4' }],
  [206, 'GET', '/key', { Range: 'bytes=0-0,9-9' }],
  [204, 'OPTIONS', '/key', {}],
  [304, 'GET', '/key', { 'If-None-Match': '*' }],
  [404, 'GET', '/none', {}],
  [405, 'DELETE', '/key', {}],
  [416, 'GET', '/key', { Range: 'bytes=10-' }],
])(
  'of fields that an app set before, cookies, Vary and custom ones stay, and content fields are replaced: %i, %s',
  async ([status, method, path, fields]) => {
    const app = new Hono()
      .use(async (c, next) => {
        setCookie(c, 'a', '1');
        setCookie(c, 'b', '2');
        c.header('Vary', 'Accept');
        c.header('X-Own', 'yes');
        c.header('Content-Disposition', 'inline');
        for (const name of OF_CONTENT) c.header(name, 'of-the-app');
        await next();
      })
      .route('/', gateway);
    const { headers, ...response } = await ask(app);
    const own = await ask(gateway);
    expect([response.status, own.status]).toEqual([status, status]);
    expect(headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2; Path=/']);
    expect(headers.get('Vary')).toBe('Origin, Accept');
    expect([headers.get('X-Own'), headers.get('Content-Disposition')]).toEqual(['yes', 'inline']);
    for (const name of OF_CONTENT) expect(headers.get(name), name).toBe(own.headers.get(name));
    expect(response.text.length).toBe(own.text.length);

    async function ask(to: Pick<Hono, 'request'>) {
      const answer = await to.request(path, { method, headers: fields });
      return { status: answer.status, headers: answer.headers, text: await answer.text() };
    }
  },
);
