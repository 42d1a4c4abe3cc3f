import { expect, test } from 'vitest';
import { readLinkExpiry } from '../../../src/cli/check/link-expiry.ts';

const at = (text: string) => Date.parse(text) / 1000;

const policy = Buffer.from(
  JSON.stringify({ Statement: [{ Resource: '*', Condition: { DateLessThan: { 'AWS:EpochTime': 1798761600 } } }] }),
)
  .toString('base64')
  .replaceAll('+', '-')
  .replaceAll('=', '_')
  .replaceAll('/', '~');

const cases: readonly (readonly [query: string, expires: number | undefined])[] = [
  ['', undefined],
  ['a=1&v=2', undefined],
  ['X-Amz-Date=20261129T104530Z&X-Amz-Expires=900&X-Amz-Signature=abc', at('2026-11-29T11:00:30Z')],
  ['x-amz-date=20261129T104530Z&x-amz-expires=900', at('2026-11-29T11:00:30Z')],
  ['X-Amz-Expires=900', undefined],
  ['X-Amz-Date=yesterday&X-Amz-Expires=900', undefined],
  ['X-Goog-Date=20261129T104530Z&X-Goog-Expires=60', at('2026-11-29T10:46:30Z')],
  ['Expires=1798761600&Signature=abc&Key-Pair-Id=K1', 1798761600],
  ['AWSAccessKeyId=A&Expires=1798761600&Signature=abc', 1798761600],
  ['expires=1798761600&md5=abc', 1798761600],
  ['expires=never', undefined],
  ['expires=5', undefined],
  [`Policy=${policy}&Signature=abc&Key-Pair-Id=K1`, 1798761600],
  ['Policy=rubbish', undefined],
  ['rgw-kid=k1&rgw-exp=1798761600&rgw-sig=1.abc', 1798761600],
  ['sv=2024-01-01&se=2026-12-31T23%3A59%3A59Z&sig=abc', at('2026-12-31T23:59:59Z')],
  ['se=2026-12-31', undefined],
  ['hdnts=exp=1798761600~acl=/*~hmac=abc', 1798761600],
  ['rgw-exp=1798761600&X-Amz-Date=20261129T104530Z&X-Amz-Expires=900', at('2026-11-29T11:00:30Z')],
];

test.for(cases)('?%s', ([query, expires]) => {
  expect(readLinkExpiry(new URL(`https://files.example.com/a.bin?${query}`))).toBe(expires);
});
