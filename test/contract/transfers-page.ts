import { expect } from 'vitest';
import { TRANSFERS_SCRIPT, TRANSFERS_SCRIPT_PATH } from '../../src/gateway/transfers-script.ts';
import { TRANSFERS_POLICY } from '../../src/listing/transfers-style.ts';

const PAGE = '/.rangeway/';

interface Row {
  readonly name: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  /** Fields of the response; `null` if it must not have one. */
  readonly fields?: Readonly<Record<string, string | RegExp | null>>;
  readonly body?: string | RegExp;
}

/** The rows of the contract, for a page with this entity tag. */
function rowsFor(etag: string): readonly Row[] {
  const refused = ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].map((method) => ({
    name: method,
    method,
    status: 405,
    fields: { allow: 'GET, HEAD' },
  }));
  return [
    {
      name: 'the page',
      status: 200,
      body: /^<!doctype html>/,
      fields: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': TRANSFERS_POLICY,
        'cache-control': /no-cache/,
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'www-authenticate': null,
      },
    },
    { name: 'HEAD', method: 'HEAD', status: 200, body: '', fields: { etag, 'content-type': /html/ } },
    { name: 'with a query', path: `${PAGE}?a=b`, status: 200, fields: { etag } },
    { name: 'without its slash', path: '/.rangeway', status: 308, body: '', fields: { location: /\.rangeway\/$/ } },
    { name: 'without its slash, HEAD', path: '/.rangeway', method: 'HEAD', status: 308, body: '' },
    { name: 'known already', headers: { 'If-None-Match': etag }, status: 304, body: '', fields: { etag } },
    { name: 'known already, weak', headers: { 'If-None-Match': `"x", W/${etag}` }, status: 304, body: '' },
    { name: 'known, HEAD', method: 'HEAD', headers: { 'If-None-Match': '*' }, status: 304, body: '' },
    { name: 'another version', headers: { 'If-None-Match': '"other"' }, status: 200 },
    { name: 'If-Match of another version', headers: { 'If-Match': '"other"' }, status: 412 },
    { name: 'If-Match', headers: { 'If-Match': etag }, status: 200 },
    {
      name: 'a range',
      headers: { Range: 'bytes=0-8' },
      status: 206,
      body: '<!doctype',
      fields: { 'content-range': /^bytes 0-8\/\d+$/ },
    },
    { name: 'a range of another version', headers: { Range: 'bytes=0-8', 'If-Range': '"other"' }, status: 200 },
    { name: 'a range that it lacks', headers: { Range: 'bytes=9999999-' }, status: 416 },
    { name: 'several ranges', headers: { Range: 'bytes=0-1,5-6' }, status: 200 },
    ...refused,
    { name: 'POST without its slash', path: '/.rangeway', method: 'POST', status: 405, fields: { allow: 'GET, HEAD' } },
    {
      name: 'the script',
      path: `${PAGE}${TRANSFERS_SCRIPT_PATH}`,
      status: 200,
      body: TRANSFERS_SCRIPT,
      fields: { 'content-type': /^text\/javascript/, 'cache-control': /immutable/ },
    },
    { name: 'the script, HEAD', path: `${PAGE}${TRANSFERS_SCRIPT_PATH}`, method: 'HEAD', status: 200, body: '' },
    { name: 'the script, DELETE', path: `${PAGE}${TRANSFERS_SCRIPT_PATH}`, method: 'DELETE', status: 405 },
    { name: 'another script', path: `${PAGE}assets/transfers-0000000000000000.js`, status: 404 },
    { name: 'two slashes', path: '/.rangeway//', status: 404 },
    { name: 'in a folder', path: '/a/.rangeway/', status: 404 },
    { name: 'an encoded slash', path: '/.rangeway%2F', status: 404 },
    { name: 'an encoded dot', path: '/%2Erangeway/', status: 404 },
    { name: 'no data without the token', path: `${PAGE}transfers`, status: 401 },
  ];
}

/** The contract of the page of transfers on a platform, over real connections. */
export async function checkTransfersPage(url: string): Promise<void> {
  const etag = (await fetch(`${url}${PAGE}`)).headers.get('ETag') ?? '';
  expect(etag).toMatch(/^"\w+"$/);
  const wrong: string[] = [];
  for (const { name, path = PAGE, method = 'GET', headers = {}, status, fields = {}, body } of rowsFor(etag)) {
    const response = await fetch(`${url}${path}`, { method, headers, redirect: 'manual' });
    const text = await response.text();
    const found = Object.fromEntries(Object.keys(fields).map((field) => [field, response.headers.get(field)]));
    const isField = ([field, expected]: readonly [string, string | RegExp | null]) => {
      const value = found[field] ?? null;
      return expected instanceof RegExp ? value !== null && expected.test(value) : value === expected;
    };
    const isBody = body === undefined || (typeof body === 'string' ? body === text : body.test(text));
    if (response.status === status && Object.entries(fields).every(isField) && isBody) continue;
    wrong.push(`${name}: ${response.status} ${JSON.stringify(found)} ${text.slice(0, 100)}`);
  }
  expect(wrong).toEqual([]);
}
