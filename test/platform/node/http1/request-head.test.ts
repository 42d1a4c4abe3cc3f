import { describe, expect, test } from 'vitest';
import { parseOrigin, parseTarget, printRequestHead } from '../../../../src/platform/node/http1/request-head.ts';

describe('a request URL', () => {
  test.for([
    ['http://a.test', 'http://a.test', '/'],
    ['http://a.test?x', 'http://a.test', '/?x'],
    ['https://a.test:8443/b/c?d=%20/e', 'https://a.test:8443', '/b/c?d=%20/e'],
    ['HTTPS://A.test//b/../%2E%2e/./c', 'HTTPS://A.test', '//b/../%2E%2e/./c'],
    ['http://[::1]:80/{a}|^`\\"\'<>', 'http://[::1]:80', '/{a}|^`\\"\'<>'],
  ] as const)('keeps every character of its path: %s', ([url, origin, path]) => {
    expect(parseTarget(url)).toEqual({ origin, path });
  });

  test.for([
    '',
    '/a',
    '//a.test/b',
    'ftp://a.test/',
    'file:///etc/passwd',
    'http:///b',
    'http:/a.test/b',
    'http:a.test',
    'http://',
    'http://user:pass@a.test/',
    'http://a.test\\@b.test/',
    'http://a.test/b#c',
    'http://a.test/b c',
    'http://a.test/b\r\nx: y',
    'http://a.test/b\n',
    'http://a.test/b\t',
    'http://a.test\n/b',
    'http://a.test/\0',
    'http://a.test/\u007f',
    'http://a.test/ü',
    'http://ü.test/',
    ' http://a.test/',
  ])('is refused if it is not absolute, not encoded, or ambiguous: %j', (url) => {
    expect(() => parseTarget(url)).toThrow(TypeError);
  });

  test.for([
    ['http://a.test', { isSecure: false, host: 'a.test', port: 80, authority: 'a.test' }],
    ['http://a.test:80', { isSecure: false, host: 'a.test', port: 80, authority: 'a.test' }],
    ['http://a.test:443', { isSecure: false, host: 'a.test', port: 443, authority: 'a.test:443' }],
    ['https://A.test:443', { isSecure: true, host: 'a.test', port: 443, authority: 'a.test' }],
    ['https://a.test:080', { isSecure: true, host: 'a.test', port: 80, authority: 'a.test:80' }],
    ['https://[::1]', { isSecure: true, host: '::1', port: 443, authority: '[::1]' }],
    ['http://[0:0::1]:8080', { isSecure: false, host: '::1', port: 8080, authority: '[::1]:8080' }],
    ['http://0x7f.1', { isSecure: false, host: '127.0.0.1', port: 80, authority: '127.0.0.1' }],
  ] as const)('has the host and port that a URL has: %s', ([origin, found]) => {
    expect(parseOrigin(origin)).toEqual(found);
  });

  test.for(['http://a.test:65536', 'http://a.test:x', 'http://[::1', 'http://a%00.test', 'http://a<b'])(
    'with an invalid host or port is refused: %s',
    (origin) => {
      expect(() => parseOrigin(origin)).toThrow(TypeError);
    },
  );
});

describe('a request head', () => {
  const print = (fields: Record<string, string>) => printRequestHead({ method: 'GET', fields }, 'a.test', '/b');

  test('has Host first, and the fields unchanged', () => {
    expect(print({ range: 'bytes=0-1', 'if-match': '"\u00e9\t "', 'x-empty': '' })).toBe(
      'GET /b HTTP/1.1\r\nhost: a.test\r\nrange: bytes=0-1\r\nif-match: "\u00e9\t "\r\nx-empty: \r\n\r\n',
    );
  });

  test.for(['', ' ', 'a b', 'a:', 'a\r\nb', 'a\0', 'Range', 'ä', '\u212a'])(
    'refuses a field with the name %j',
    (name) => {
      expect(() => print({ [name]: 'x' })).toThrow(TypeError);
    },
  );

  test.for(['a\rb', 'a\nb', '\r\n', '\0', '\u0001', '\u007f', '\u0100', '\ud800'])(
    'refuses a field with the value %j',
    (value) => {
      expect(() => print({ x: value })).toThrow(TypeError);
    },
  );

  test.for(['host', 'connection', 'content-length', 'transfer-encoding', 'expect', 'upgrade', 'te'])(
    'refuses %s, which the transport sets itself',
    (name) => {
      expect(() => print({ [name]: 'x' })).toThrow(TypeError);
    },
  );
});
