import { generateKeyPairSync } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { LinkTarget } from '../../../src/config/size-limit.ts';
import { objectLinks } from '../../../src/platform/lambda/object-links.ts';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
const client = new S3Client({ region: 'eu-west-1', credentials });
const config = { bucket: 'files', prefix: 'pub/', linkSeconds: 900 };
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const cdn = objectLinks(client, config, { id: 'K1', privateKey });
const s3 = objectLinks(client, config, undefined);

const NOW = 1_800_000_000;
beforeEach(() => {
  vi.useFakeTimers({ now: NOW * 1000, toFake: ['Date'] });
  return () => vi.useRealTimers();
});

function target(more: Partial<LinkTarget> = {}): LinkTarget {
  return {
    key: 'a b.bin',
    representation: { size: 5e6, etag: { weak: false, opaque: 'abc' }, version: 'v1' },
    disposition: undefined,
    host: 'get.example.com',
    expires: undefined,
    ...more,
  };
}

const open = async (link: Promise<string | undefined> | undefined) =>
  new URL((await link) ?? '', 'https://own.example');

describe('a link to CloudFront', () => {
  test('is on the same host, with version and entity tag in its path, and ends after linkSeconds', async () => {
    const text = await cdn.link?.(target());
    expect(text).toMatch(/^\/\.rangeway\/object\/range\/abc\/v1\/-\/pub\/a%20b\.bin\?/);
    expect((await open(cdn.link?.(target()))).searchParams.get('Expires')).toBe(String(NOW + 900));
    expect((await open(cdn.linkWhole?.(target()))).pathname).toBe('/.rangeway/object/whole/abc/v1/-/pub/a%20b.bin');
  });

  test.each([
    ['no host', { host: undefined }],
    ['an object that CloudFront does not send', { representation: { ...target().representation, size: 2 ** 40 } }],
    ['no strong entity tag', { representation: { size: 5e6, etag: { weak: true, opaque: 'abc' } } }],
  ] as const)('with %s leads to S3, and there is none to the whole', async (_, more) => {
    expect((await open(cdn.link?.(target(more)))).hostname).toMatch(/amazonaws\.com$/);
    expect(await cdn.linkWhole?.(target(more))).toBeUndefined();
  });
});

describe('the shorter time counts', () => {
  test.each([
    [NOW + 60, 60],
    [NOW + 1, 1],
    [NOW + 900, 900],
    [NOW + 5_000, 900],
    [undefined, 900],
  ] as const)('of a grant that ends at %s and linkSeconds: %i s', async (expires, seconds) => {
    const { searchParams: signed } = await open(cdn.link?.(target({ expires })));
    expect(signed.get('Expires')).toBe(String(NOW + seconds));
    const { searchParams: presigned } = await open(s3.link?.(target({ expires })));
    expect(presigned.get('X-Amz-Expires')).toBe(String(seconds));
  });

  test('so that an address whose grant has ended meanwhile is expired', async () => {
    const { searchParams } = await open(cdn.link?.(target({ expires: NOW - 5 })));
    expect(searchParams.get('Expires')).toBe(String(NOW - 5));
  });
});

test('without a key for CloudFront, links lead to S3, and a stale If-Range has none', async () => {
  expect((await open(s3.link?.(target()))).searchParams.get('versionId')).toBe('v1');
  expect(s3.linkWhole).toBeUndefined();
});
