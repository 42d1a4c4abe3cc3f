import type { Case, Expect, HeaderLine, Span } from '../case.ts';
import { part, unsatisfiable, whole, wholeHead } from '../expected.ts';

/** Bytes of a body that the platform under test can send. */
export const SIZE_LIMIT = 65_536;

const ask = (name: string, rule: string, target: string, headers: readonly HeaderLine[], expect: Expect): Case => ({
  name: `overflow: ${name}`,
  rule,
  target,
  headers,
  expect,
});

/** To the storage, by a link that no cache may keep. */
const redirected: Expect = {
  status: 307,
  headers: { location: /^https?:\/\//u, 'cache-control': 'private, no-store', 'content-range': null },
  body: { type: 'empty' },
};

/** The whole is due and does not fit, and a redirect would be followed with the range. */
const changed: Expect = {
  status: 412,
  headers: { 'content-range': null, 'cache-control': 'no-store' },
  body: { type: 'problem', problem: 'urn:rangeway:problem:changed' },
};

const stale = (name: string, range: string, ifRange: string, expect: Expect = changed, target = '/mega.bin'): Case =>
  ask(
    name,
    '§13.1.5',
    target,
    [
      ['Range', range],
      ['If-Range', ifRange],
    ],
    expect,
  );

/** The bytes of a KiB, one a part: with their heads more than the limit, where the KiB is not. */
const parts: readonly Span[] = Array.from({ length: 534 }, (_, index) => [index, index + 1] as const);

/**
 * For platforms that can send 64 KiB at the most and redirect what has more, such as a function URL. No request that
 * RFC 9110 answers 200 or 206 is answered 501.
 */
export const sizeLimitCases: readonly Case[] = [
  ask('the whole', '§15.4.8', '/mega.bin', [], redirected),
  ask('what fits', '§15.3.1', '/kilo.bin', [], whole('kilo.bin')),
  ask('a range that fits', '§14.2', '/mega.bin', [['Range', 'bytes=0-65535']], part('mega.bin', 0, SIZE_LIMIT)),
  ask('a range of one byte more', '§15.4.8', '/mega.bin', [['Range', 'bytes=0-65536']], redirected),
  ask('a range beyond the end', '§15.5.17', '/mega.bin', [['Range', 'bytes=1048576-']], unsatisfiable('mega.bin')),
  ask('several ranges', '§15.4.8', '/mega.bin', [['Range', 'bytes=0-65535,70000-70009']], redirected),
  ask(
    'several ranges that their part heads alone make too long',
    '§14.2',
    '/kilo.bin',
    [['Range', `bytes=${parts.map(([start, end]) => `${String(start)}-${String(end - 1)}`).join(',')}`]],
    whole('kilo.bin'),
  ),
  {
    ...ask('HEAD', '§9.3.2', '/mega.bin', [], wholeHead('mega.bin')),
    method: 'HEAD',
  },
  {
    ...stale('HEAD with a stale If-Range', 'bytes=0-9', '"other"', wholeHead('mega.bin')),
    method: 'HEAD',
  },

  stale('If-Range that holds over a range that fits', 'bytes=5-9', '{etag}', part('mega.bin', 5, 10)),
  stale('If-Range that holds over a range that does not', 'bytes=5-', '{etag}', redirected),
  stale('a stale If-Range over an open range', 'bytes=500000-', '"other"'),
  stale('a stale If-Range over a range that would fit', 'bytes=0-9', '"other"'),
  stale('a stale If-Range over a suffix', 'bytes=-5', '"other"'),
  stale('a stale If-Range over a range beyond the end', 'bytes=1048576-', '"other"'),
  stale('a stale date', 'bytes=0-9', '{date-1}'),
  stale('a weak tag', 'bytes=0-9', '{weak-etag}'),
  stale('an If-Range that is no validator', 'bytes=0-9', '*'),
  stale('a stale If-Range, and the whole fits', 'bytes=0-9', '"other"', whole('kilo.bin'), '/kilo.bin'),
  stale('a stale If-Range over several ranges', 'bytes=0-9,20-29', '"other"', redirected),
];
