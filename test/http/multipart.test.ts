import { describe, expect, test } from 'vitest';
import {
  BOUNDARY_LENGTH,
  boundaryFrom,
  multipartContentType,
  multipartLength,
  multipartTail,
  partHead,
} from '../../src/http/multipart.ts';

const BOUNDARY = 'rangeway00112233445566778899aabbccddeeff';
const SIXTEEN = Uint8Array.from({ length: 16 }, (_, i) => i * 0x11);

describe('boundaryFrom', () => {
  test('prints the random bytes in hexadecimal', () => {
    expect(boundaryFrom(SIXTEEN)).toBe(BOUNDARY);
  });
  test('keeps leading zeros', () => {
    expect(boundaryFrom(new Uint8Array(16))).toBe(`rangeway${'0'.repeat(32)}`);
  });
  test('has the same length for more bytes', () => {
    expect(boundaryFrom(new Uint8Array(64))).toHaveLength(BOUNDARY_LENGTH);
  });
});

describe('multipartContentType', () => {
  test('ends with the boundary, unquoted', () => {
    expect(multipartContentType(BOUNDARY)).toBe(`multipart/byteranges; boundary=${BOUNDARY}`);
  });
});

describe('a multipart body of two parts', () => {
  const first = { start: 0, end: 5 };
  const second = { start: 8, end: 10 };
  const expected =
    '\r\n' +
    '--rangeway00112233445566778899aabbccddeeff\r\n' +
    'Content-Type: text/plain\r\n' +
    'Content-Range: bytes 0-4/10\r\n' +
    '\r\n' +
    'hello' +
    '\r\n' +
    '--rangeway00112233445566778899aabbccddeeff\r\n' +
    'Content-Type: text/plain\r\n' +
    'Content-Range: bytes 8-9/10\r\n' +
    '\r\n' +
    'ld' +
    '\r\n' +
    '--rangeway00112233445566778899aabbccddeeff--\r\n';

  test('has exactly these bytes', () => {
    const [one, two] = [partHead(BOUNDARY, 'text/plain', first, 10), partHead(BOUNDARY, 'text/plain', second, 10)];
    expect(`${one}hello${two}ld${multipartTail(BOUNDARY)}`).toBe(expected);
  });
  test('has exactly this length', () => {
    expect(multipartLength([first, second], 10, 'text/plain')).toBe(expected.length);
  });
});

describe('multipartLength', () => {
  test('counts each digit of a position', () => {
    const size = 2 ** 53 - 1;
    const part = { start: size - 1, end: size };
    const text = `${partHead(BOUNDARY, 'a/b', part, size)}x${multipartTail(BOUNDARY)}`;
    expect(multipartLength([part], size, 'a/b')).toBe(text.length);
  });
  test('counts a character of obs-text as one byte', () => {
    const part = { start: 0, end: 1 };
    expect(multipartLength([part], 9, 'a/\u00e9')).toBe(multipartLength([part], 9, 'a/e'));
  });
});
