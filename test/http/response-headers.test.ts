import { describe, expect, test } from 'vitest';
import { decisionHeaders } from './decision-headers.ts';
import {
  notModifiedHeaders,
  bodyLength,
  decisionParts,
  type HeaderChoices,
  type HeaderList,
} from '../../src/http/response-headers.ts';
import type { Decision } from '../../src/http/decision.ts';
import type { Representation } from '../../src/http/representation.ts';

const NOW = Date.UTC(2026, 6, 1) / 1000;
const BOUNDARY = 'rangeway00112233445566778899aabbccddeeff';
const CHOICES: HeaderChoices = { boundary: BOUNDARY, now: NOW };

const FULL: Representation = {
  size: 1000,
  etag: { weak: false, opaque: 'v1' },
  lastModified: new Date('1994-11-06T08:49:37.900Z'),
  contentType: 'text/plain',
  contentEncoding: 'gzip',
  contentLanguage: 'de',
  contentDisposition: 'inline',
  cacheControl: 'max-age=60',
  expires: 'Tue, 01 Jan 2030 00:00:00 GMT',
};
const BARE: Representation = { size: 1000 };

const WHOLE: Decision = { status: 200, span: { start: 0, end: 1000 } };
const SINGLE: Decision = { status: 206, form: 'single', span: { start: 990, end: 1000 } };
const MULTIPART: Extract<Decision, { readonly form: 'multipart' }> = {
  status: 206,
  form: 'multipart',
  reads: [
    {
      span: { start: 10, end: 40 },
      parts: [
        { start: 10, end: 20 },
        { start: 30, end: 40 },
      ],
    },
    { span: { start: 0, end: 1 }, parts: [{ start: 0, end: 1 }] },
  ],
};

const METADATA: HeaderList = [
  ['Accept-Ranges', 'bytes'],
  ['ETag', '"v1"'],
  ['Last-Modified', 'Sun, 06 Nov 1994 08:49:37 GMT'],
  ['Cache-Control', 'max-age=60, no-transform'],
  ['Expires', 'Tue, 01 Jan 2030 00:00:00 GMT'],
  ['Content-Encoding', 'gzip'],
  ['Content-Language', 'de'],
  ['Content-Disposition', 'inline'],
  ['X-Content-Type-Options', 'nosniff'],
];
const BARE_METADATA: HeaderList = [
  ['Accept-Ranges', 'bytes'],
  ['Cache-Control', 'no-transform'],
  ['X-Content-Type-Options', 'nosniff'],
];

describe('decisionHeaders, exactly', () => {
  // Three heads: CRLF, delimiter, 26 bytes of Content-Type, 33 or 31 of Content-Range, CRLF; 21 bytes; a tail.
  const multipartBytes = String(3 * (2 + 44 + 26 + 2) + 33 + 33 + 31 + 21 + (2 + 44 + 2));
  const rows: readonly (readonly [
    name: string,
    decision: Decision,
    representation: Representation,
    expected: HeaderList,
  ])[] = [
    ['200', WHOLE, FULL, [['Content-Type', 'text/plain'], ['Content-Length', '1000'], ...METADATA]],
    [
      '200 of an object without metadata',
      WHOLE,
      BARE,
      [['Content-Type', 'application/octet-stream'], ['Content-Length', '1000'], ...BARE_METADATA],
    ],
    [
      '200 of an empty object',
      { status: 200, span: { start: 0, end: 0 } },
      { size: 0 },
      [['Content-Type', 'application/octet-stream'], ['Content-Length', '0'], ...BARE_METADATA],
    ],
    [
      '206 with one part',
      SINGLE,
      FULL,
      [['Content-Type', 'text/plain'], ['Content-Length', '10'], ['Content-Range', 'bytes 990-999/1000'], ...METADATA],
    ],
    [
      '206 with several',
      MULTIPART,
      FULL,
      [['Content-Type', `multipart/byteranges; boundary=${BOUNDARY}`], ['Content-Length', multipartBytes], ...METADATA],
    ],
    [
      '304 with a tag',
      { status: 304 },
      FULL,
      [
        ['ETag', '"v1"'],
        ['Cache-Control', 'max-age=60, no-transform'],
        ['Expires', 'Tue, 01 Jan 2030 00:00:00 GMT'],
      ],
    ],
    [
      '304 without a tag',
      { status: 304 },
      { ...FULL, etag: undefined },
      [
        ['Last-Modified', 'Sun, 06 Nov 1994 08:49:37 GMT'],
        ['Cache-Control', 'max-age=60, no-transform'],
        ['Expires', 'Tue, 01 Jan 2030 00:00:00 GMT'],
      ],
    ],
    ['304 of an object without metadata', { status: 304 }, BARE, [['Cache-Control', 'no-transform']]],
    ['412', { status: 412 }, FULL, []],
    [
      '416',
      { status: 416 },
      FULL,
      [
        ['Content-Range', 'bytes */1000'],
        ['Accept-Ranges', 'bytes'],
      ],
    ],
    [
      '416 of an empty object',
      { status: 416 },
      { size: 0 },
      [
        ['Content-Range', 'bytes */0'],
        ['Accept-Ranges', 'bytes'],
      ],
    ],
  ];
  test.each(rows)('%s', (_name, decision, representation, expected) => {
    expect(decisionHeaders(decision, representation, CHOICES)).toEqual(expected);
  });
});

describe('one field', () => {
  function field(name: string, representation: Representation, choices: HeaderChoices = CHOICES): string | undefined {
    return decisionHeaders(WHOLE, representation, choices).find(([sent]) => sent === name)?.[1];
  }

  test('a weak ETag is marked', () => {
    expect(field('ETag', { size: 1000, etag: { weak: true, opaque: 'v1' } })).toBe('W/"v1"');
  });
  test('Last-Modified is never later than now', () => {
    expect(field('Last-Modified', { size: 1000, lastModified: new Date((NOW + 99) * 1000) })).toBe(
      'Wed, 01 Jul 2026 00:00:00 GMT',
    );
  });
  test('Last-Modified of a 304 is never later than now', () => {
    const representation = { size: 1000, lastModified: new Date((NOW + 99) * 1000) };
    expect(decisionHeaders({ status: 304 }, representation, CHOICES)).toContainEqual([
      'Last-Modified',
      'Wed, 01 Jul 2026 00:00:00 GMT',
    ]);
  });
  test('an object without Cache-Control gets that of the settings', () => {
    expect(field('Cache-Control', BARE, { ...CHOICES, cacheControl: 'max-age=5' })).toBe('max-age=5, no-transform');
  });
  test('a stored Cache-Control takes precedence over the settings', () => {
    expect(field('Cache-Control', FULL, { ...CHOICES, cacheControl: 'max-age=5' })).toBe('max-age=60, no-transform');
  });
  test('an invalid stored Cache-Control is replaced by that of the settings', () => {
    const choices = { ...CHOICES, cacheControl: 'max-age=5' };
    expect(field('Cache-Control', { size: 1000, cacheControl: 'a\r\nb' }, choices)).toBe('max-age=5, no-transform');
  });
  test('a requested disposition takes precedence over the stored one', () => {
    const disposition = { type: 'attachment', key: 'a/b.txt' } as const;
    expect(field('Content-Disposition', FULL, { ...CHOICES, disposition })).toBe('attachment; filename="b.txt"');
  });
  test('an invalid Content-Type is sent as application/octet-stream', () => {
    expect(field('Content-Type', { size: 1000, contentType: 'text/plain\nX: y' })).toBe('application/octet-stream');
  });
});

describe('injection', () => {
  const BAD = 'a\r\nSet-Cookie: injected=1';
  const representation: Representation = {
    ...FULL,
    contentType: BAD,
    contentEncoding: BAD,
    contentLanguage: BAD,
    contentDisposition: BAD,
    cacheControl: BAD,
  };
  const all: readonly Decision[] = [WHOLE, SINGLE, MULTIPART, { status: 304 }, { status: 412 }, { status: 416 }];
  test.each(all.map((decision) => [decision.status, decision] as const))(
    'no part of invalid metadata is sent with a %i',
    (_status, decision) => {
      const choices = { ...CHOICES, disposition: { type: 'inline', key: BAD } } as const;
      const lists = [
        decisionHeaders(decision, representation, CHOICES),
        decisionHeaders(decision, representation, choices),
      ];
      const suspect = lists.flat().filter(([, value]) => /[\r\n]|Set-Cookie/.test(value));
      // Only the file name of the key is there, quoted in one line.
      expect(suspect.filter(([, value]) => value !== 'inline; filename="a__Set-Cookie_ injected=1"')).toEqual([]);
    },
  );
});

describe('decisionParts', () => {
  test('are in the requested order', () => {
    expect(decisionParts(MULTIPART)).toEqual([
      { start: 10, end: 20 },
      { start: 30, end: 40 },
      { start: 0, end: 1 },
    ]);
  });
});

describe('bodyLength', () => {
  test('of a whole is its size', () => {
    expect(bodyLength({ status: 200, span: { start: 0, end: 1000 } }, BARE)).toBe(1000);
  });
  test('of one part is its length', () => {
    expect(bodyLength({ status: 206, form: 'single', span: { start: 5, end: 9 } }, BARE)).toBe(4);
  });
  test('of several depends on the type that every part repeats', () => {
    const short = bodyLength(MULTIPART, { size: 1000, contentType: 'a/b' });
    expect(bodyLength(MULTIPART, { size: 1000, contentType: 'a/bcd' })).toBe(short + 6);
  });
  test('of several counts the media type that replaces an invalid one', () => {
    const broken = bodyLength(MULTIPART, { size: 1000, contentType: 'a\nb' });
    expect(broken).toBe(bodyLength(MULTIPART, { size: 1000, contentType: 'application/octet-stream' }));
  });
});

test.each([
  ['no date', new Date(Number.NaN)],
  ['a year of five digits', new Date(8.64e15)],
  ['a year before the epoch', new Date(-1)],
])('%s is omitted, because IMF-fixdate can not express it (§5.6.7)', (_name, date) => {
  const metadata = { lastModified: date };
  const names = notModifiedHeaders(metadata, { boundary: '', now: 4e9 }).map(([name]) => name);
  if (date.getTime() < 4e12) expect(names).not.toContain('Last-Modified');
});
