import type { Case, Expect, HeaderLine, Span } from './case.ts';
import { fixtureOf } from './fixtures.ts';

const sizeOf = (key: string): number => fixtureOf(key).bytes.length;

/** 200 with all of the object. */
export const whole = (of: string): Expect => ({
  status: 200,
  headers: { 'content-range': null, 'content-length': String(sizeOf(of)) },
  body: { type: 'bytes', of, start: 0, end: sizeOf(of) },
});

/** 200 to a HEAD: the fields of the whole object, and no body. */
export const wholeHead = (of: string): Expect => ({
  status: 200,
  headers: {
    'accept-ranges': 'bytes',
    'content-length': String(sizeOf(of)),
    'content-range': null,
    'content-type': fixtureOf(of).contentType,
  },
  body: { type: 'empty' },
});

/** 206 with one range, `start` up to, not including, `end`. */
export const part = (of: string, start: number, end: number): Expect => ({
  status: 206,
  headers: {
    'content-length': String(end - start),
    'content-range': `bytes ${String(start)}-${String(end - 1)}/${String(sizeOf(of))}`,
    'content-type': fixtureOf(of).contentType,
  },
  body: { type: 'bytes', of, start, end },
});

/** 206 as multipart/byteranges with these parts in this order. */
export const multipart = (of: string, parts: readonly Span[]): Expect => ({
  status: 206,
  headers: { 'content-range': null, 'content-type': /^multipart\/byteranges; boundary=/u },
  body: { type: 'parts', of, parts },
});

/** An error that the gateway explains. */
export const problem = (status: number | readonly number[]): Expect => ({
  status,
  headers: { etag: null, 'last-modified': null },
  body: { type: 'problem' },
});

/** 416 that says the size, as clients restart from it. */
export const unsatisfiable = (of: string): Expect => ({
  status: 416,
  headers: { 'content-range': `bytes */${String(sizeOf(of))}` },
  body: { type: 'problem' },
});

export const notModified: Expect = {
  status: 304,
  headers: { etag: '{etag}' },
  body: { type: 'empty' },
};

export const preconditionFailed: Expect = { status: 412, body: { type: 'problem' } };

/** An error to a HEAD: the status alone tells. */
export const silently = (status: number): Expect => ({ status, body: { type: 'empty' } });

/** A GET of digits.txt, the ten bytes 0123456789. */
export const digits = (name: string, rule: string, headers: readonly HeaderLine[], expect: Expect): Case => ({
  name,
  rule,
  target: '/digits.txt',
  headers,
  expect,
});

/** A RegExp for a list field that must name all of `members`, in any order and letter case. */
export const listing = (...members: readonly string[]): RegExp =>
  new RegExp(`^${members.map((one) => `(?=(?:.*,)?\\s*${one}\\s*(?:,|$))`).join('')}`, 'iu');
