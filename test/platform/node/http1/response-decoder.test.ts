import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { responseDecoder } from '../../../../src/platform/node/http1/response-decoder.ts';

/** Feeds a response in chunks of the lengths in `cuts`, and then the rest. */
function decode(text: string, cuts: readonly number[] = [], method = 'GET') {
  const seen = { status: 0, body: '', isOver: false, left: 0 };
  const decoder = responseDecoder(method, {
    onHead: ({ status }) => (seen.status = status),
    onBytes: (bytes) => (seen.body += Buffer.from(bytes).toString('latin1')),
    onEnd: () => (seen.isOver = true),
  });
  const bytes = Buffer.from(text, 'latin1');
  let at = 0;
  for (const size of [...cuts, bytes.length]) {
    const piece = bytes.subarray(at, at + size);
    at += piece.length;
    const taken = decoder.feed(piece);
    seen.left += piece.length - taken;
  }
  return { seen, decoder };
}

const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x="y"\r\nabc\r\n00A \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n';
const INTERIM = 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 206 Partial\r\nContent-Length: 4\r\n\r\nbody';

describe('a response', () => {
  test('decodes the same for each split into chunks', () => {
    const cuts = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 });
    fc.assert(
      fc.property(cuts, (sizes) => {
        expect(decode(CHUNKED, sizes).seen).toEqual({ status: 200, body: 'abc0123456789', isOver: true, left: 0 });
        expect(decode(INTERIM, sizes).seen).toEqual({ status: 206, body: 'body', isOver: true, left: 0 });
      }),
    );
  });

  test('may have chunk extensions, with white space around them', () => {
    for (const extension of ['', ';a', ';a=b', ';a="b;\\"c\u00ff"', ' ; a = b', ';a;b;c=d \t'])
      expect(decode(CHUNKED.replace(';x="y"', extension)).seen).toMatchObject({ body: 'abc0123456789', isOver: true });
  });

  test('leaves the bytes after it', () => {
    expect(decode(`${INTERIM}HTTP/1.1 200`).seen).toMatchObject({ isOver: true, body: 'body', left: 12 });
    expect(decode(`${CHUNKED}x`).seen).toMatchObject({ isOver: true, left: 1 });
  });

  test('to HEAD ends after its head', () => {
    expect(decode('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', [], 'HEAD').seen).toMatchObject({ isOver: true });
  });

  test('without a length ends when the connection closes; with a length, an early close is an error', () => {
    const open = decode('HTTP/1.1 200 OK\r\n\r\nabc');
    expect(open.seen).toMatchObject({ body: 'abc', isOver: false });
    expect(open.decoder.close()).toBe(true);
    expect(open.seen.isOver).toBe(true);
    for (const short of [
      'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc',
      CHUNKED.slice(0, -3),
      'HTTP/1.1 200 OK\r\n',
    ]) {
      const { decoder, seen } = decode(short);
      expect(decoder.close()).toBe(false);
      expect(seen.isOver).toBe(false);
    }
  });

  test.for([
    ['a chunk that is longer than it says', CHUNKED.replace('abc', 'abcd')],
    ['a chunk without a size', CHUNKED.replace('3;x', ';x')],
    ['a size that is no number', CHUNKED.replace('3;x', '3g')],
    ['a size of too many digits', CHUNKED.replace('3;x', '0000000000003;x')],
    ['another protocol', 'HTTP/1.1 101 Switching\r\n\r\n'],
    ['a head without an end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}`],
    ['a head that is too long', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`],
    ['a bare line feed in a head without an end', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello'],
    ['a bare carriage return in a head without an end', 'HTTP/1.1 200 OK\rContent-Length: 5\r\rhello'],
    ['a bare line feed in an extension', CHUNKED.replace('x="y"', 'x="\ny"')],
    ['a bare line feed behind a size', CHUNKED.replace('3;x="y"\r\n', '3\n')],
    ['an extension that is none', CHUNKED.replace('x="y"', 'x="y')],
    ['a trailer that is no field', CHUNKED.replace('Trailer: x', 'Trailer')],
    ['a folded trailer', CHUNKED.replace('Trailer: x', 'Trailer: x\r\n y')],
    ['a trailer with NUL', CHUNKED.replace('Trailer: x', 'Trailer: \0')],
    ['a length in the trailer', CHUNKED.replace('Trailer: x', 'content-length: 13')],
    ['a coding in the trailer', CHUNKED.replace('Trailer: x', 'Transfer-Encoding: chunked')],
    ['an endless trailer', CHUNKED.replace('Trailer: x', 'Trailer: x\r\n'.repeat(7_000))],
    ['an interim answer that closes', INTERIM.replace('Link: x', 'Connection: close')],
    ['a trailer without an end', CHUNKED.replace('Trailer: x', `Trailer: ${'x'.repeat(9_000)}`)],
  ] as const)('%s is refused, however it is cut', ([, text]) => {
    expect(() => decode(text)).toThrow();
    expect(() =>
      decode(
        text,
        Array.from({ length: text.length }, () => 1_000),
      ),
    ).toThrow();
    expect(() =>
      decode(
        text.slice(0, 200) + text.slice(200),
        Array.from({ length: 200 }, () => 1),
      ),
    ).toThrow();
  });
});
