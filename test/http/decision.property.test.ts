import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decisionHeaders } from './decision-headers.ts';
import { decide, firstRead, parseRequest, type Decision, type RangePolicy } from '../../src/http/decision.ts';
import type { Representation } from '../../src/http/representation.ts';
import { type HeaderList } from '../../src/http/response-headers.ts';
import {
  continuingRequest,
  manner,
  meantObject,
  meantRequest,
  NOW,
  policy,
  rangeRequest,
} from './reference/arbitrary-request.ts';
import { answerLength, expectedAnswer, type Answer, type MeantObject } from './reference/decision-table.ts';
import { printRequest } from './reference/print-request.ts';
import { holds } from '../property-runs.ts';

const BOUNDARY = `rangeway${'0'.repeat(32)}`;

function toRepresentation({ size, tag, modified, type }: MeantObject): Representation {
  return {
    size,
    etag: tag === undefined ? undefined : { weak: tag.weak, opaque: tag.text },
    lastModified: modified === undefined ? undefined : new Date(modified * 1000 + 250),
    isDateStrong: true,
    contentType: type,
  };
}

function toAnswer(decision: Decision): Answer {
  const { status } = decision;
  if (status !== 200 && status !== 206) return { status, spans: [] };
  const spans =
    status === 206 && decision.form === 'multipart' ? decision.reads.flatMap(({ parts }) => parts) : [decision.span];
  return { status, spans: spans.map(({ start, end }) => [start, end]) };
}

describe('the status and the bytes are those of the decision table', () => {
  test.each([
    ['any request', meantRequest],
    ['a request that continues', continuingRequest],
    ['a request for ranges', rangeRequest],
  ])('%s', (_name, requests) => {
    holds(
      fc.property(requests, meantObject, policy, manner, (request, object, limits, written) => {
        const rangePolicy: RangePolicy = { ...limits, maxFieldLength: 1000 };
        const parsed = parseRequest(request.method, printRequest(request, written), rangePolicy, NOW);
        const decision = decide(parsed, toRepresentation(object), rangePolicy);
        expect(toAnswer(decision)).toEqual(expectedAnswer(request, object, limits, NOW));
      }),
    );
  });
});

const char = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...'bytes=0123456789-,, \t"W/*'.split('')) },
  fc
    .integer({ min: 1, max: 255 })
    .filter((code) => code !== 10 && code !== 13)
    .map((code) => String.fromCharCode(code)),
);
const anyValue = fc.array(char, { maxLength: 30 }).map((chars) => chars.join(''));
const nearValue = fc
  .tuple(
    fc.constantFrom(
      '',
      'bytes=',
      'bytes=0-1,',
      'bytes=5-9,20-',
      '"v1"',
      'W/"v1"',
      '*',
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sunday, 06-Nov-',
    ),
    fc.oneof(fc.constant(''), anyValue),
  )
  .map((texts) => texts.join(''));
const FIELDS = ['If-Match', 'If-None-Match', 'If-Modified-Since', 'If-Unmodified-Since', 'If-Range', 'Range'];
const anyLines = fc.array(fc.tuple(fc.constantFrom(...FIELDS), fc.oneof(anyValue, nearValue)), { maxLength: 8 });

/** Arbitrary metadata, as an uploader may have written them. */
const text = fc.option(
  fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom('a\r\nX: y', 'text/plain', 'caf\u00e9')),
  { nil: undefined },
);
const date = fc.option(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') }), {
  nil: undefined,
});
const anyRepresentation: fc.Arbitrary<Representation> = fc.record({
  size: fc.oneof(fc.nat(40), fc.nat(10_000), fc.maxSafeNat()),
  etag: fc.option(fc.record({ weak: fc.boolean(), opaque: fc.constantFrom('v1', '', 'a,b') }), { nil: undefined }),
  lastModified: date,
  isDateStrong: fc.boolean(),
  contentType: text,
  contentEncoding: text,
  contentLanguage: text,
  contentDisposition: text,
  cacheControl: text,
  expires: fc.oneof(text, fc.constantFrom('0', '3600', 'Tuesday, 01-Jan-30 00:00:00 GMT')),
});
const anyAnswer = fc
  .record({
    method: fc.constantFrom('GET' as const, 'HEAD' as const),
    lines: anyLines,
    representation: anyRepresentation,
    limits: policy,
    key: fc.string({ unit: 'binary', maxLength: 400 }),
    disposed: fc.boolean(),
  })
  .map(({ method, lines, representation, limits, key, disposed }) => {
    const rangePolicy: RangePolicy = { ...limits, maxFieldLength: 100 };
    const headers = new Headers();
    for (const [name, value] of lines) headers.append(name, value);
    const request = parseRequest(method, headers, rangePolicy, NOW);
    const decision = decide(request, representation, rangePolicy);
    const disposition = disposed ? ({ type: 'attachment', key } as const) : undefined;
    const fields = decisionHeaders(decision, representation, { boundary: BOUNDARY, now: NOW, disposition });
    return { decision, representation, fields, ask: firstRead(request, rangePolicy) };
  });

function valueOf(fields: HeaderList, name: string): string | undefined {
  return fields.find(([sent]) => sent === name)?.[1];
}

describe('each response, for any fields and metadata', () => {
  test('has the right Content-Length', () => {
    holds(
      fc.property(anyAnswer, ({ decision, representation: { size }, fields }) => {
        const { status, spans } = toAnswer(decision);
        const isMultipart = status === 206 && spans.length > 1;
        const type = fields.find(([name]) => name === 'Content-Type')?.[1] ?? '';
        expect(isMultipart).toBe(type === `multipart/byteranges; boundary=${BOUNDARY}`);
        if (spans.length === 0) expect(valueOf(fields, 'Content-Length')).toBeUndefined();
        const bytes = spans.reduce((sum, [start, end]) => sum + end - start, 0);
        if (spans.length === 1) expect(valueOf(fields, 'Content-Length')).toBe(String(bytes));
        if (isMultipart)
          expect(Number(valueOf(fields, 'Content-Length'))).toBeGreaterThan(answerLength(spans, { size, type: '' }));
      }),
    );
  });
  test('has a valid Content-Range, or none', () => {
    holds(
      fc.property(anyAnswer, ({ decision, representation: { size }, fields }) => {
        const value = valueOf(fields, 'Content-Range');
        const { status, spans } = toAnswer(decision);
        if (status === 416) {
          expect(value).toBe(`bytes */${size}`);
          return;
        }
        expect(value !== undefined).toBe(status === 206 && spans.length === 1);
        if (value === undefined) return;
        const [, first = '', last = '', length = ''] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(value) ?? [];
        expect([BigInt(first) <= BigInt(last), BigInt(last) < BigInt(length), length]).toEqual([
          true,
          true,
          String(size),
        ]);
      }),
    );
  });
  test('has spans inside the object, empty only for an empty object', () => {
    holds(
      fc.property(anyAnswer, ({ decision, representation: { size } }) => {
        const { status, spans } = toAnswer(decision);
        for (const [start, end] of spans) {
          expect(start >= 0 && end <= size && (start < end || (status === 200 && size === 0))).toBe(true);
        }
      }),
    );
  });
  test('never sends more than the object and the allowed part headers', () => {
    holds(
      fc.property(anyAnswer, ({ representation: { size }, fields }) => {
        const length = Number(valueOf(fields, 'Content-Length') ?? 0);
        expect(length).toBeLessThanOrEqual(size + Math.max(65_536, size / 10));
      }),
    );
  });
  test('has valid header fields, each once, and values of the gateway shorter than 512 bytes', () => {
    holds(
      fc.property(anyAnswer, ({ fields }) => {
        const names = fields.map(([name]) => name);
        expect(new Set(names).size).toBe(names.length);
        expect(fields.filter(([, value]) => !/^[\t\x20-\x7e]+$/.test(value))).toEqual([]);
        expect(() => new Headers(fields.map(([name, value]): [string, string] => [name, value]))).not.toThrow();
      }),
    );
  });
  test('reads at most one range from the storage first, in whole bytes', () => {
    holds(
      fc.property(anyAnswer, ({ ask }) => {
        if (ask.ask === 'head' || ask.range === undefined) return;
        const { form, ...numbers } = ask.range;
        expect(form).toMatch(/^(bounded|from|suffix)$/);
        expect(Object.values(numbers).every((n) => Number.isSafeInteger(n) && n >= 0)).toBe(true);
      }),
    );
  });
});
