import type { Case, Expect } from '../case.ts';
import { part, problem, whole } from '../expected.ts';

const at = (name: string, target: string, expect: Expect, rule = 'RFC 3986 §2.1'): Case => ({
  name: `path: ${name}`,
  rule,
  target,
  expect,
});

const serves = (name: string, target: string, key: string): Case => at(name, target, whole(key));

/** Names no object; there is no second name for one that exists. */
const missing = (name: string, target: string): Case => at(name, target, problem(404), '§15.5.5');

/** Can't be decoded, so it names nothing at all. */
const undecodable = (name: string, target: string): Case => at(name, target, problem(400), '§15.5.1');

/** Must not get out of the store, nor become another key; how it is refused is free. */
const refused = (name: string, target: string): Case => at(name, target, problem([400, 404]), '§17.3');

/** The HTTP server, or a URL parser before the gateway, may have a word in these. */
const lenient = (name: string, target: string, ...statuses: readonly number[]): Case => ({
  ...at(name, target, { status: statuses }, 'RFC 9112 §3.2'),
  refusedByParser: [400],
});

const file = 'deep/er/file.txt';

export const pathCases: readonly Case[] = [
  serves('a folder in it', '/deep/er/file.txt', file),
  serves('an encoded slash is a slash of the key', '/deep%2Fer%2Ffile.txt', file),
  serves('an encoded slash in lower case', '/deep%2fer/file.txt', file),
  serves('a space', '/with%20space.txt', 'with space.txt'),
  serves('a plus sign is no space', '/plus+sign.txt', 'plus+sign.txt'),
  serves('an encoded plus sign', '/plus%2Bsign.txt', 'plus+sign.txt'),
  serves('a percent sign', '/percent%25.txt', 'percent%.txt'),
  serves('a number sign', '/hash%23.txt', 'hash#.txt'),
  serves('a question mark', '/question%3F.txt', 'question?.txt'),
  serves('letters beyond ASCII', '/%C3%BCn%C3%AF/%E6%97%A5%E6%9C%AC.txt', 'ünï/日本.txt'),
  serves('escapes in lower case', '/%c3%bcn%c3%af/%e6%97%a5%e6%9c%ac.txt', 'ünï/日本.txt'),
  serves('quotation marks', "/quote'%22s.txt", 'quote\'"s.txt'),
  serves('quotation marks, both encoded', '/quote%27%22s.txt', 'quote\'"s.txt'),
  serves('an encoded letter is that letter', '/%64igits.txt', 'digits.txt'),
  serves('an encoded full stop inside a name', '/digits%2Etxt', 'digits.txt'),
  serves('a page in a folder', '/site/index.html', 'site/index.html'),
  serves('an empty query', '/digits.txt?', 'digits.txt'),
  serves('a query', '/digits.txt?v=1&w=2', 'digits.txt'),
  serves('a query with slashes and dots', '/digits.txt?/../kilo.bin', 'digits.txt'),
  serves('a query with a bad escape', '/digits.txt?x=%zz', 'digits.txt'),
  serves('a query with a second question mark', '/digits.txt?a?b', 'digits.txt'),
  {
    ...serves('the absolute form', 'http://downloads.example/digits.txt', 'digits.txt'),
    rule: 'RFC 9112 §3.2.2',
  },
  {
    ...at(
      'a range of an object with an encoded name',
      '/%C3%BCn%C3%AF/%E6%97%A5%E6%9C%AC.txt',
      part('ünï/日本.txt', 0, 4),
    ),
    headers: [['Range', 'bytes=0-3']],
  },

  missing('the root', '/'),
  missing('the root with a query', '/?list'),
  missing('an object that is not there', '/missing.txt'),
  missing('a folder', '/deep/er'),
  missing('a folder with a slash', '/deep/er/'),
  missing('a folder with a page has no index', '/site/'),
  missing('a folder with a page, no slash', '/site'),
  missing('an object with a slash', '/digits.txt/'),
  missing('an object with an encoded slash', '/digits.txt%2F'),
  missing('an object taken for a folder', '/digits.txt/more'),
  missing('another letter case', '/DIGITS.TXT'),
  missing('a full stop more', '/digits.txt.'),
  missing('a space more', '/digits.txt%20'),
  missing('a space before', '/%20digits.txt'),
  missing('a plus sign for a space', '/with+space.txt'),
  missing('a space for a plus sign', '/plus%20sign.txt'),
  missing('nothing is decoded twice', '/with%2520space.txt'),
  missing('a percent sign is not decoded twice', '/percent%2525.txt'),
  missing('an encoded question mark begins no query', '/digits.txt%3Fdownload'),
  missing('an encoded number sign begins no fragment', '/digits.txt%23x'),
  missing('a plain question mark ends the key', '/question?.txt'),
  missing('a decomposed letter is another key', '/u%CC%88ni%CC%88/%E6%97%A5%E6%9C%AC.txt'),
  missing('a name of 255 bytes', `/${'a'.repeat(255)}`),
  missing('a name of 256 bytes', `/${'a'.repeat(256)}`),
  missing('a key of 1,024 bytes', `/${'a'.repeat(1_024)}`),

  undecodable('a percent sign alone', '/%'),
  undecodable('a percent sign at the end', '/digits.txt%'),
  undecodable('an escape of one digit', '/%2'),
  undecodable('an escape that is no number', '/%zz'),
  undecodable('the escape of JavaScript', '/%u0064igits.txt'),
  undecodable('a byte that is not UTF-8', '/%ff'),
  undecodable('a letter of Latin-1', '/%FCn%EF/x.txt'),
  undecodable('a UTF-8 sequence cut short', '/%E6%97'),
  undecodable('a continuation byte alone', '/%97'),
  undecodable('an overlong slash', '/deep%C0%AFer/file.txt'),
  undecodable('overlong full stops', '/%C0%AE%C0%AE/etc/passwd'),
  undecodable('half of a surrogate pair', '/%ED%A0%80'),
  undecodable('a code point above the last', '/%F4%90%80%80'),
  undecodable('a NUL alone', '/%00'),
  undecodable('a NUL after an object', '/digits.txt%00'),
  undecodable('a NUL before an extension', '/digits.txt%00.html'),
  undecodable('a NUL in a folder', '/deep%00/er/file.txt'),

  refused('two slashes before an object', '//digits.txt'),
  refused('two slashes inside', '/deep//er/file.txt'),
  refused('an encoded slash before an object', '/%2Fdigits.txt'),
  refused('an absolute path of the server', '/%2Fetc%2Fpasswd'),
  refused('encoded dots and slashes', '/..%2f..%2fetc/passwd'),
  refused('encoded dots', '/%2e%2e/%2e%2e/etc/passwd'),
  refused('plain dots', '/../../../../etc/passwd'),
  refused('half-encoded dots', '/.%2e/%2e./etc/passwd'),
  refused('dots below a folder that exists', '/deep/..%2f..%2f..%2fetc%2fpasswd'),
  refused('dots that lead back to an object', '/deep%2F..%2Fdigits.txt'),
  refused('a single dot, encoded slash', '/.%2Fdigits.txt'),
  refused('dots decoded twice', '/%252e%252e/%252e%252e/etc/passwd'),
  refused('backslashes', '/..%5c..%5cetc%5cpasswd'),
  refused('a backslash is no slash', '/deep%5Cer%5Cfile.txt'),
  refused('a drive letter', '/C:%5CWindows%5Cwin.ini'),
  refused('a file URL', '/file:%2F%2F%2Fetc%2Fpasswd'),
  refused('dots at the end', '/deep%2F..'),
  refused('a line feed', '/digits.txt%0A'),
  refused('a delete character', '/digits.txt%7F'),
  refused('a key of 1,025 bytes', `/${'a'.repeat(1_025)}`),
  refused('a key of 1,026 bytes in 513 letters', `/${'%C3%BC'.repeat(513)}`),
  refused('a key of 600 folders', `/${'a/'.repeat(600)}x`),
  {
    ...refused('a header line does not come out of an escape', '/digits.txt%0D%0AX-Injected:%20yes'),
    expect: { ...problem([400, 404]), headers: { 'x-injected': null } },
  },

  lenient('a fragment, which does not belong here', '/digits.txt#x', 200, 404),
  lenient('plain dots that lead back to an object', '/deep/../digits.txt', 200, 404),
  lenient('a single plain dot', '/./digits.txt', 200, 404),
  lenient('plain backslashes', '/deep\\er\\file.txt', 200, 404),
  lenient('bytes of UTF-8 that are not encoded', '/\xc3\xbcn\xc3\xaf/\xe6\x97\xa5\xe6\x9c\xac.txt', 200),
  { ...refused('a key of 8,000 bytes', `/${'a'.repeat(8_000)}`), refusedByParser: [414] },
];
