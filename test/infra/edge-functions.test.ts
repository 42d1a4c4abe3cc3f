import { describe, expect, test } from 'vitest';
import { OBJECT_FUNCTION, TAG_FIELD, VIEWER_FUNCTION } from '../../infra/edge-functions.ts';
import { qualityOf } from '../../src/http/accept.ts';
import { cdnPath, type CdnForm } from '../../src/platform/lambda/cdn-links.ts';
import { runEdgeFunction, type EdgeRequest } from './edge-function.ts';

function toRequest(uri: string, fields: Readonly<Record<string, string>> = {}, method = 'GET'): EdgeRequest {
  const headers = Object.fromEntries(
    Object.entries({ host: 'd1.cloudfront.net', ...fields }).map(([name, value]) => [name, { value }]),
  );
  return { method, uri, querystring: {}, headers };
}

describe('the function before the gateway', () => {
  test.each(['203.0.113.9', '2001:db8::7'])('tells the address %s and the host, and takes no word for them', (ip) => {
    const forged = {
      'x-rangeway-format': 'x',
      'x-rangeway-viewer': '192.0.2.1',
      'x-rangeway-host': 'evil.example',
      range: 'bytes=0-',
    };
    const request = toRequest('/a%20b', forged);
    expect(runEdgeFunction(VIEWER_FUNCTION, request, ip)).toEqual({
      type: 'request',
      ...request,
      headers: {
        ...request.headers,
        'x-rangeway-viewer': { value: ip },
        'x-rangeway-host': { value: 'd1.cloudfront.net' },
        'x-rangeway-format': { value: 'html' },
      },
    });
  });

  const weights = ['', ';q=0', ';q=0.5', '; Q=1.000', ';q=0.5;q=0', ';v=1;q=0.25', ';q=2', ' ; q=.5'];
  const types = ['text/html', 'application/json', 'TEXT/*', 'application/*', '*/*', 'image/png', ''];
  const members = types.flatMap((type) => weights.map((weight) => `${type}${weight}`));

  test('makes one of two words from Accept, by the rule of the gateway', () => {
    const accepts = [null, ...members, ...members.flatMap((first) => members.map((second) => `${first},${second}`))];
    const seen = new Set<string>();
    for (const accept of accepts) {
      const result = runEdgeFunction(VIEWER_FUNCTION, toRequest('/', accept === null ? {} : { accept }));
      const format = result.headers['x-rangeway-format']?.value ?? '';
      const isJson = qualityOf(accept, 'application/json') > qualityOf(accept, 'text/html');
      expect([accept, format]).toEqual([accept, isJson ? 'json' : 'html']);
      seen.add(format);
    }
    expect(seen.size).toBe(2);
  });
});

function pathOf(form: CdnForm, key: string, more: { version?: string; disposition?: string; tag?: string } = {}) {
  const { version, disposition, tag = 'abc-2' } = more;
  const representation = { size: 10, etag: { weak: false, opaque: tag }, version };
  const path = cdnPath(form, key, { key, representation, disposition, host: undefined, expires: undefined });
  return path ?? expect.fail('no path');
}

/** What goes on to S3, apart from Host. */
function run(path: string, fields: Readonly<Record<string, string>> = {}, method = 'GET') {
  const result = runEdgeFunction(OBJECT_FUNCTION, toRequest(path, fields, method));
  if (result.type === 'response') return result;
  const { host: _, ...headers } = result.headers;
  return { ...result, headers: Object.fromEntries(Object.entries(headers).map(([name, { value }]) => [name, value])) };
}

const PIN = { 'if-match': '"abc-2"', [TAG_FIELD]: '"abc-2"' };

describe('the function before the bucket', () => {
  const path = pathOf('range', 'a/b.bin');

  test('asks for the key, pinned to the entity tag', () => {
    expect(run(path)).toEqual({ type: 'request', method: 'GET', uri: '/a/b.bin', querystring: {}, headers: PIN });
  });

  test('asks for the version, and for the disposition of the path', () => {
    const version = '3/L4kqt+J_.x=';
    const disposition = `attachment; filename="a b.bin"; filename*=UTF-8''%C3%BC'(*).bin`;
    const result = run(pathOf('range', 'k', { version, disposition }));
    const querystring = result.type === 'request' ? result.querystring : {};
    const decoded = Object.entries(querystring).map(([name, { value }]) => [name, decodeURIComponent(value)]);
    expect(Object.fromEntries(decoded)).toEqual({ versionId: version, 'response-content-disposition': disposition });
  });

  test.each([
    'a b',
    '/a',
    'a//b/',
    'ü/%2F?#&=+',
    "!'()*;:@$,[]",
    '~._-',
    '.rangeway/object/range/x/-/-/y',
    '\u{1f600}',
  ])('the key %j arrives in S3 as it is', (key) => {
    const result = run(pathOf('range', key));
    expect(result.type === 'request' && decodeURIComponent(result.uri.slice(1))).toBe(key);
    expect(result.type === 'request' && result.uri).toMatch(/^\/[\w.~%/-]*$/);
  });

  test('leaves ranges to CloudFront', () => {
    for (const range of ['bytes=0-', 'bytes=-5', 'bytes=1-2,4-5'])
      expect(run(path, { range })).toMatchObject({ headers: { range, ...PIN } });
  });

  test.each([
    ['"abc-2"', true],
    [' "abc-2" ', true],
    // A date was compared by the gateway before it redirected.
    ['Mon, 01 Jan 2024 00:00:00 GMT', true],
    ['"other"', false],
    ['W/"abc-2"', false],
  ] as const)('with If-Range: %s, a range is answered: %j', (value, isAnswered) => {
    const result = run(path, { range: 'bytes=5-', 'if-range': value });
    expect(result.headers).toEqual(isAnswered ? { range: 'bytes=5-', ...PIN } : PIN);
  });

  test('drops Range and If-Range in the whole form', () => {
    const whole = pathOf('whole', 'a/b.bin');
    expect(run(whole, { range: 'bytes=5-', 'if-range': '"abc-2"' }).headers).toEqual(PIN);
    expect(run(whole, { range: 'bytes=5-' }).headers).toEqual(PIN);
  });

  test('drops the conditions that the gateway has evaluated', () => {
    const conditions = {
      'if-none-match': '"x"',
      'if-modified-since': 'Mon, 01 Jan 2024 00:00:00 GMT',
      'if-unmodified-since': 'Mon, 01 Jan 2024 00:00:00 GMT',
    };
    expect(run(path, conditions).headers).toEqual(PIN);
  });

  test.each(['*', '"abc-2"', '"x", "abc-2"', 'W/"abc-2","abc-2"'])('takes If-Match: %s', (value) => {
    expect(run(path, { 'if-match': value }).headers).toEqual(PIN);
  });

  test.each(['"x"', 'W/"abc-2"', '"abc-2', '"xabc-2"', ''])('answers 412 to If-Match: %s', (value) => {
    expect(run(path, { 'if-match': value })).toMatchObject({ type: 'response', status: 412 });
  });

  test('a client can set neither the tag of the key nor a parameter', () => {
    const request = { ...toRequest(path, { [TAG_FIELD]: '"forged"' }), querystring: { versionId: { value: 'x' } } };
    expect(runEdgeFunction(OBJECT_FUNCTION, request)).toMatchObject({
      querystring: {},
      headers: { [TAG_FIELD]: { value: '"abc-2"' } },
    });
  });

  test('answers preflights, and paths that the gateway does not make', () => {
    expect(run(path, { origin: 'https://a.example' }, 'OPTIONS')).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': { value: '*' },
        'access-control-allow-headers': { value: expect.stringContaining('If-Range') },
      },
    });
    for (const other of ['/.rangeway/object/', '/.rangeway/object/range/t/-/-', '/.rangeway/object/other/t/-/-/k'])
      expect(run(other)).toMatchObject({ type: 'response', status: 404 });
  });
});
