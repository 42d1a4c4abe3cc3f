import type { Case, Expect, HeaderLine } from '../case.ts';
import { fixtures } from '../fixtures.ts';
import { multipart, part, preconditionFailed, problem, unsatisfiable, whole } from '../expected.ts';

const kilo = (name: string, rule: string, headers: readonly HeaderLine[], expect: Expect): Case => ({
  name: `fields: ${name}`,
  rule,
  target: '/kilo.bin',
  headers,
  expect,
});

/** The same answer, with these fields too. */
const also = (expect: Expect, headers: NonNullable<Expect['headers']>): Expect => ({
  ...expect,
  headers: { ...expect.headers, ...headers },
});

const validators = { etag: '{etag}', 'last-modified': '{date}' } as const;

/** On errors there is no representation, so nothing may look as if there were. */
const noRepresentation = {
  'content-disposition': null,
  'content-encoding': null,
  'last-modified': null,
} as const;

/** Every fixture with its media type, by its encoded name. */
const typed: readonly Case[] = fixtures.map(({ key, contentType }) => ({
  name: `fields: the media type of ${key}`,
  rule: '§8.3',
  target: `/${key.split('/').map(encodeURIComponent).join('/')}`,
  expect: also(whole(key), { 'content-type': contentType }),
}));

const missing = (name: string, field: string, value: string): Case => ({
  name: `404 wins over ${name}`,
  rule: '§13.2.1',
  target: '/missing.txt',
  headers: [[field, value]],
  expect: also(problem(404), { 'content-range': null }),
});

export const representationCases: readonly Case[] = [
  ...typed,
  kilo('a 200 has the validators of HEAD', '§8.8', [], also(whole('kilo.bin'), validators)),
  kilo(
    'a 206 has the validators of the 200',
    '§15.3.7',
    [['Range', 'bytes=1-2']],
    also(part('kilo.bin', 1, 3), validators),
  ),
  kilo(
    'a 206 under If-Range has them too',
    '§15.3.7',
    [
      ['Range', 'bytes=1-2'],
      ['If-Range', '{etag}'],
    ],
    also(part('kilo.bin', 1, 3), validators),
  ),
  kilo(
    'a 206 of parts has the validators of the 200',
    '§15.3.7',
    [['Range', 'bytes=1-2,4-5']],
    also(
      multipart('kilo.bin', [
        [1, 3],
        [4, 6],
      ]),
      validators,
    ),
  ),
  kilo('a 206 of parts has no type of the object', '§15.3.7.2', [['Range', 'bytes=1-2,4-5']], {
    status: 206,
    headers: {
      'content-encoding': null,
      'content-type': /^multipart\/byteranges; boundary=[0-9A-Za-z]{1,70}$/u,
    },
  }),
  kilo(
    'a 416 is of no representation',
    '§15.5.17',
    [['Range', 'bytes=1024-']],
    also(unsatisfiable('kilo.bin'), noRepresentation),
  ),
  kilo(
    'a 412 is of no representation',
    '§15.5.13',
    [['If-Match', '"other"']],
    also(preconditionFailed, noRepresentation),
  ),
  kilo('no range, no Content-Range', '§14.4', [], also(whole('kilo.bin'), { 'content-range': null })),
  kilo(
    'no Trailer, no Transfer-Encoding',
    '§6.5',
    [],
    also(whole('kilo.bin'), { trailer: null, 'transfer-encoding': null }),
  ),
  kilo(
    'no coding is invented',
    '§8.4',
    [['Accept-Encoding', 'br']],
    also(whole('kilo.bin'), { 'content-encoding': null }),
  ),

  missing('a range', 'Range', 'bytes=0-1'),
  missing('an unsatisfiable range', 'Range', 'bytes=-0'),
  missing('If-Match', 'If-Match', '"other"'),
  missing('If-Match *', 'If-Match', '*'),
  missing('If-None-Match *', 'If-None-Match', '*'),
  missing('If-Unmodified-Since', 'If-Unmodified-Since', 'Sun, 06 Nov 1994 08:49:37 GMT'),
  missing('If-Modified-Since', 'If-Modified-Since', 'Fri, 31 Dec 2100 23:59:59 GMT'),
];
