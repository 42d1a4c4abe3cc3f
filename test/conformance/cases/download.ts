import type { Case, Expect, HeaderLine } from '../case.ts';
import { notModified, part, whole, wholeHead } from '../expected.ts';

/** The same answer with that Content-Disposition. */
const disposed = (expect: Expect, disposition: RegExp | null): Expect => ({
  ...expect,
  headers: { ...expect.headers, 'content-disposition': disposition },
});

const named = (name: string, target: string, key: string, disposition: RegExp | null, rule = 'RFC 6266 §4'): Case => ({
  name: `download: ${name}`,
  rule,
  target,
  expect: disposed(whole(key), disposition),
});

const asked = (name: string, headers: readonly HeaderLine[], expect: Expect): Case => ({
  name: `download: ${name}`,
  rule: 'RFC 6266 §4',
  target: '/digits.txt?download',
  headers,
  expect,
});

const digits = /^attachment; filename="?digits\.txt"?(?:; filename\*=UTF-8''digits\.txt)?$/u;

/** Only ASCII without quotes and percent signs can stand alone: RFC 6266 appendix D. */
const extended = (encoded: string): RegExp =>
  new RegExp(String.raw`^attachment;(?: filename="(?:[^"\\]|\\.)*";)? filename\*=UTF-8''${encoded}(?:;|$)`, 'u');

export const downloadCases: readonly Case[] = [
  named('the last segment is the name', '/digits.txt?download', 'digits.txt', digits),
  named('with a value', '/digits.txt?download=1', 'digits.txt', digits),
  named('among other parameters', '/digits.txt?v=1&download', 'digits.txt', digits),
  named('not asked for', '/digits.txt', 'digits.txt', null),
  named('not asked for by another parameter', '/digits.txt?nodownload=1', 'digits.txt', null),
  named('not asked for by the value of another', '/digits.txt?x=download', 'digits.txt', null),
  named(
    'without the folders',
    '/deep/er/file.txt?download',
    'deep/er/file.txt',
    /^attachment; filename="?file\.txt"?(?:;|$)/u,
  ),
  named(
    'without the folders, encoded slash',
    '/deep%2Fer%2Ffile.txt?download',
    'deep/er/file.txt',
    /^attachment; filename="?file\.txt"?(?:;|$)/u,
  ),
  named(
    'a space needs quotes',
    '/with%20space.txt?download',
    'with space.txt',
    /^attachment;.*(?:filename="with space\.txt"|filename\*=UTF-8''with%20space\.txt)/u,
  ),
  named(
    'a plus sign stays',
    '/plus+sign.txt?download',
    'plus+sign.txt',
    /^attachment;.*(?:filename="?plus\+sign\.txt"?|filename\*=UTF-8''plus(?:\+|%2B)sign\.txt)/u,
  ),
  named(
    'letters beyond ASCII',
    '/%C3%BCn%C3%AF/%E6%97%A5%E6%9C%AC.txt?download',
    'ünï/日本.txt',
    extended('%E6%97%A5%E6%9C%AC\\.txt'),
    'RFC 8187 §3.2',
  ),
  // The name is advice: a sender may escape the mark, replace it, or encode the whole name.
  named(
    'quotation marks do not end the name',
    '/quote%27%22s.txt?download',
    'quote\'"s.txt',
    /^attachment(?=; filename)(?:; filename="quote'(?:\\"|[^"\\])s\.txt")?(?:; filename\*=UTF-8''quote%27%22s\.txt)?$/u,
    'RFC 6266 §4.3',
  ),
  named(
    'a percent sign is not taken for an escape',
    '/percent%25.txt?download',
    'percent%.txt',
    extended('percent%25\\.txt'),
    'RFC 6266 appendix D',
  ),
  // The value names the file. The name never changes the type: neither Content-Type nor the ending of the key.
  named('by a name', '/digits.txt?download=numbers.txt', 'digits.txt', /^attachment; filename="?numbers\.txt"?$/u),
  named(
    'by a name without an ending',
    '/digits.txt?download=v%201',
    'digits.txt',
    /^attachment; filename="v 1\.txt"$/u,
  ),
  named(
    'by a name of another type',
    '/digits.txt?download=a.html',
    'digits.txt',
    /^attachment; filename="a\.html\.txt"$/u,
  ),
  named('by a name beyond ASCII', '/digits.txt?download=%E6%97%A5.txt', 'digits.txt', extended('%E6%97%A5\\.txt')),
  named('by a path', '/digits.txt?download=..%2F..%2Fa.txt', 'digits.txt', /^attachment; filename="?a\.txt"?$/u),
  named(
    'by a name with a line end',
    '/digits.txt?download=a%0D%0ASet-Cookie:%20b.txt',
    'digits.txt',
    /^attachment; filename="a__Set-Cookie_ b\.txt"$/u,
  ),
  named(
    'by the first of two names',
    '/digits.txt?download=a&download=b',
    'digits.txt',
    /^attachment; filename="a\.txt"$/u,
  ),
  named(
    'by a name of bytes that are no UTF-8',
    '/digits.txt?download=%FF',
    'digits.txt',
    /^attachment; filename="_\.txt"; filename\*=UTF-8''%EF%BF%BD\.txt$/u,
  ),
  named('with "true"', '/digits.txt?download=true', 'digits.txt', digits),
  named('with a name of dots', '/digits.txt?download=...', 'digits.txt', digits),
  asked('of a range', [['Range', 'bytes=2-4']], disposed(part('digits.txt', 2, 5), digits)),
  { ...asked('by HEAD', [], disposed(wholeHead('digits.txt'), digits)), method: 'HEAD' },
  asked('a 304 has no Content-Disposition', [['If-None-Match', '{etag}']], disposed(notModified, null)),
];
