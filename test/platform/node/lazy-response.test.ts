import { inspect } from 'node:util';
import type { MiddlewareHandler } from 'hono';
import { setCookie } from 'hono/cookie';
import { logger } from 'hono/logger';
import { poweredBy } from 'hono/powered-by';
import { timing } from 'hono/timing';
import { afterAll, describe, expect, test } from 'vitest';
import { after, asked, essence, start } from './lazy-server.ts';

const globals = { Request, Response, Headers, fetch, ReadableStream };
// Serving must not replace a global of the process.
afterAll(() => expect({ Request, Response, Headers, fetch, ReadableStream }).toEqual(globals));

/** Middleware that must not change a response by a byte. */
const looks: Readonly<Record<string, MiddlewareHandler>> = {
  'reads fields': after((c) => void [...c.res.headers]),
  'reads all else': after(({ res }) => {
    const { ok, type, url, redirected, statusText, bodyUsed } = res;
    expect({ ok, type, url, redirected, statusText, bodyUsed }).toEqual({
      ok: res.status < 300,
      type: 'default',
      url: '',
      redirected: false,
      statusText: '',
      bodyUsed: false,
    });
    expect(res).toBeInstanceOf(Response);
    expect(inspect(res)).toContain(String(res.status));
    expect(Object.prototype.toString.call(res)).toBe('[object Response]');
  }),
  'looks at the body': after((c) => {
    expect(c.res.body === null || c.res.body instanceof ReadableStream).toBe(true);
    expect(c.res.body).toBe(c.res.body);
    expect(c.res.bodyUsed).toBe(false);
  }),
  'reads a clone as text': after(async (c) => void (await c.res.clone().text())),
  'reads a clone as bytes': after(async (c) => {
    const { byteLength } = await c.res.clone().arrayBuffer();
    const length = c.res.headers.get('Content-Length');
    if (c.req.method === 'GET' && c.res.status === 200) expect(byteLength).toBe(Number(length));
  }),
  'reads a clone of a clone': after(async (c) => void (await c.res.clone().clone().blob())),
  'takes a clone and leaves it': after((c) => void c.res.clone()),
  'builds it anew': after((c) => {
    const { body } = c.res;
    const copy = new Response(body, c.res);
    c.res = undefined;
    c.res = copy;
  }),
  'builds it anew from its parts': after((c) => {
    const { body, status, headers } = c.res;
    c.res = new Response(body, { status, headers: new Headers(headers) });
  }),
  'reads all of it and sends that': after(async (c) => {
    const bytes = await c.res.arrayBuffer();
    c.res = new Response(c.res.body === null ? null : bytes, c.res);
  }),
  'pipes it through a transform': after((c) => {
    c.res = new Response(c.res.body?.pipeThrough(new TransformStream()) ?? null, c.res);
  }),
  'deletes and sets a field': after((c) => {
    const type = c.res.headers.get('Content-Type');
    c.res.headers.delete('Content-Type');
    if (type !== null) c.res.headers.set('Content-Type', type);
  }),
  'of hono logs': logger(() => undefined),
};

let plain: Awaited<ReturnType<typeof start>> | undefined;

describe.each(Object.entries(looks))('behind a middleware that %s', (_, middleware) => {
  test('each body has exactly the same bytes, and is closed', async () => {
    plain ??= await start();
    const looked = await start(middleware);
    for (const [name, one] of Object.entries(asked)) {
      const expected = essence(await plain.get(one));
      expect(essence(await looked.get(one)), name).toEqual(expected);
      expect(looked.watched.ends, name).toMatchObject([{ status: expected.status, outcome: 'complete' }]);
    }
  });
});

/** Middleware that adds fields, with these fields. */
const adds: Readonly<
  Record<string, readonly [MiddlewareHandler, Readonly<Record<string, string | string[] | RegExp>>]>
> = {
  'c.header after next()': [after((c) => c.header('X-Added', 'yes')), { 'x-added': 'yes' }],
  'headers.set': [after((c) => c.res.headers.set('X-Added', 'yes')), { 'x-added': 'yes' }],
  'two cookies': [
    after((c) => {
      c.res.headers.append('Set-Cookie', 'a=1');
      c.res.headers.append('Set-Cookie', 'b=2');
    }),
    { 'set-cookie': ['a=1', 'b=2'] },
  ],
  'cookies before next()': [
    async (c, next) => {
      setCookie(c, 'a', '1');
      setCookie(c, 'b', '2');
      await next();
    },
    { 'set-cookie': ['a=1; Path=/', 'b=2; Path=/'] },
  ],
  'a list before next()': [
    async (c, next) => {
      c.header('Link', '</a>', { append: true });
      c.header('Link', '</b>', { append: true });
      await next();
    },
    { link: '</a>, </b>' },
  ],
  'c.header before next()': [
    async (c, next) => {
      c.header('X-Added', 'yes');
      await next();
    },
    { 'x-added': 'yes' },
  ],
  'a field of ours before next(), which stays ours': [
    async (c, next) => {
      for (const name of [
        'ETag',
        'Content-Length',
        'Content-Range',
        'Content-Type',
        'X-Request-Id',
        'Date',
        'Last-Modified',
        'Content-Encoding',
      ]) {
        c.header(name, '1');
      }
      await next();
    },
    { 'x-request-id': 'one-request' },
  ],
  'Vary before next()': [
    async (c, next) => {
      c.header('Vary', 'Accept');
      await next();
    },
    { vary: 'Accept' },
  ],
  'hono/timing': [timing(), { 'server-timing': /^total;dur=/ }],
  'hono/powered-by': [poweredBy(), { 'x-powered-by': 'Hono' }],
};

describe.each(Object.entries(adds))('fields are added to each response by %s', (_, [middleware, fields]) => {
  test('and its body and its other fields are unchanged', async () => {
    plain ??= await start();
    const added = await start(middleware);
    for (const [name, one] of Object.entries(asked)) {
      const answer = await added.get(one);
      for (const [field, value] of Object.entries(fields)) {
        const expected: unknown = value instanceof RegExp ? expect.stringMatching(value) : value;
        expect(answer.headers[field], `${name}: ${field}`).toEqual(expected);
      }
      const extra = Object.fromEntries(Object.keys(fields).map((field) => [field, answer.headers[field]]));
      const { headers, ...own } = essence(await plain.get(one));
      expect(essence(answer), name).toEqual({ ...own, headers: { ...headers, ...extra } });
    }
  });
});
