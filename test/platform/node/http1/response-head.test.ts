import { describe, expect, test } from 'vitest';
import { parseResponseHead } from '../../../../src/platform/node/http1/response-head.ts';

const parse = (text: string, method = 'GET') => parseResponseHead(text.replaceAll('|', '\r\n'), method);

describe('a response head', () => {
  test('has field names in lower case, and joins the lines of one name', () => {
    const { status, fields } = parse(
      'HTTP/1.1 206 Partial Content|ETag:  "a b" \t|Vary: a|VARY: b|X-Empty:|Content-Length: 3',
    );
    expect(status).toBe(206);
    expect(fields).toEqual({ etag: '"a b"', vary: 'a, b', 'x-empty': '', 'content-length': '3' });
  });

  test('is decoded as UTF-8, as by the fetch of workerd', () => {
    const text = 'f\u00fcr \u4e2d \u{1f600}';
    expect(parse(`HTTP/1.1 200 OK|X: ${Buffer.from(text).toString('latin1')}`).fields).toEqual({ x: text });
    expect(parse('HTTP/1.1 200 OK|X: f\u00fcr').fields).toEqual({ x: 'f\ufffdr' });
  });

  test('may have control characters in its values, which are removed when printed', () => {
    expect(parse('HTTP/1.1 200 OK|X: a\u0001\u001b\u007fb').fields).toEqual({ x: 'a\u0001\u001b\u007fb' });
  });

  test('may have a field of any valid name', () => {
    expect(Object.entries(parse('HTTP/1.1 200 OK|__proto__: x').fields)).toEqual([['__proto__', 'x']]);
  });

  test.for([
    ['HTTP/1.1 200 OK|Content-Length: 5', 'GET', { type: 'length', length: 5 }, true],
    ['HTTP/1.1 200 OK|Content-Length: 5', 'HEAD', { type: 'none' }, true],
    ['HTTP/1.1 304 Not Modified|Content-Length: 5', 'GET', { type: 'none' }, true],
    ['HTTP/1.1 204 No Content', 'GET', { type: 'none' }, true],
    ['HTTP/1.1 200 OK|Transfer-Encoding: Chunked', 'GET', { type: 'chunked' }, true],
    ['HTTP/1.1 200 OK', 'GET', { type: 'close' }, false],
    ['HTTP/1.1 200 OK|Content-Length: 5|Connection: Close', 'GET', { type: 'length', length: 5 }, false],
    ['HTTP/1.1 200 OK|Content-Length: 5|Connection: foo, close', 'GET', { type: 'length', length: 5 }, false],
    ['HTTP/1.1 200 OK|Content-Length: 5|Connection: closed', 'GET', { type: 'length', length: 5 }, true],
    ['HTTP/1.0 200 OK|Content-Length: 5|Connection: keep-alive', 'GET', { type: 'length', length: 5 }, false],
    ['HTTP/1.1 200|Content-Length: 0', 'GET', { type: 'length', length: 0 }, true],
  ] as const)('%s to %s', ([text, method, framing, isPersistent]) => {
    expect(parse(text, method)).toMatchObject({ framing, isPersistent });
  });

  test.for([
    'HTTP/2 200 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 099 OK',
    'ICY 200 OK',
    '',
    'HTTP/1.1 200 OK|no colon',
    'HTTP/1.1 200 OK|: no name',
    'HTTP/1.1 200 OK|Content-Length : 5',
    'HTTP/1.1 200 OK| folded: 5',
    'HTTP/1.1 200 OK|X: a\nContent-Length: 5',
    'HTTP/1.1 200 OK|X: a\0',
    'HTTP/1.1 200 OK|Content-Length: 5|Content-Length: 5',
    'HTTP/1.1 200 OK|Content-Length: 5|Transfer-Encoding: chunked',
    'HTTP/1.1 200 OK|Content-Length: -5',
    'HTTP/1.1 200 OK|Content-Length: 0x5',
    'HTTP/1.1 200 OK|Content-Length: 1000000000000000',
    'HTTP/1.1 200 OK|Content-Length:',
    'HTTP/1.1 200 OK|Transfer-Encoding: chunked\t',
    'HTTP/1.1 200 OK|Content-Length: 5\t',
    'HTTP/1.1 200 OK|Transfer-Encoding: gzip, chunked',
    'HTTP/1.1 200 OK|Transfer-Encoding: chunked|Transfer-Encoding: chunked',
  ])('that is ambiguous is refused: %j', (text) => {
    expect(() => parse(text)).toThrow();
  });

  test.for([
    'HTTP/1.1 304 Not Modified|Content-Length: 5|Content-Length: 6',
    'HTTP/1.1 304 Not Modified|Content-Length: +5',
    'HTTP/1.1 304 Not Modified|Content-Length: 5|Transfer-Encoding: chunked',
    'HTTP/1.1 204 No Content|Content-Length: 5|Transfer-Encoding: chunked',
    'HTTP/1.1 200 OK|Content-Length:',
    'HTTP/1.1 200 OK|Transfer-Encoding: gzip, chunked',
  ])('with ambiguous framing is refused even without a body: %j', (text) => {
    expect(() => parse(text, 'HEAD')).toThrow();
  });
});
