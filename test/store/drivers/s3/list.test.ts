import { describe, expect, test } from 'vitest';
import { listQuery, readListing } from '../../../../src/store/drivers/s3/list.ts';

const answer = (text: string) => ({
  type: 'object' as const,
  status: 200,
  fields: {},
  body: new Response(text).body ?? undefined,
});

/** A document in the shape of AWS's, with one object and the given elements. */
function listing(contents: string, rest = '<IsTruncated>false</IsTruncated>'): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix/><KeyCount>1</KeyCount>
<MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType>${rest}${contents}</ListBucketResult>`;
}

const object = (key: string, etag = '&quot;0cc1&quot;') =>
  `<Contents><Key>${key}</Key><LastModified>2026-11-01T10:00:00.000Z</LastModified><ETag>${etag}</ETag>` +
  `<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><Size>7</Size><Owner><ID>1</ID></Owner></Contents>`;

describe('a listing of S3', () => {
  test.each([
    ['plain.txt', 'plain.txt'],
    ['a+b', 'a b'],
    ['a%20b', 'a b'],
    ['a%2Bb', 'a+b'],
    ['%E6%97%A5', '日'],
    ['%01%7F', '\u0001\u007f'],
    ['a&amp;b', 'a&b'],
    ['%26amp%3B', '&amp;'],
    ['&#97;&#x62;', 'ab'],
  ])('has the key that %j stands for', async (written, key) => {
    const page = await readListing(answer(listing(object(written))), '');
    expect(page).toEqual({
      objects: [
        { key, size: 7, etag: { weak: false, opaque: '0cc1' }, lastModified: new Date('2026-11-01T10:00:00Z') },
      ],
      prefixes: [],
      cursor: undefined,
    });
  });

  test('without EncodingType has its keys as they are', async () => {
    const text = listing(object('a%20b+c')).replace('<EncodingType>url</EncodingType>', '');
    expect((await readListing(answer(text), '')).objects[0]?.key).toBe('a%20b+c');
  });

  test('has the folders of one and of several elements, without the prefix of the store', async () => {
    const folders =
      '<CommonPrefixes><Prefix>p/a%2F</Prefix></CommonPrefixes><CommonPrefixes><Prefix>p/b/</Prefix><Prefix>p/c/</Prefix></CommonPrefixes>';
    const page = await readListing(answer(listing(folders)), 'p/');
    expect(page.prefixes).toEqual(['a/', 'b/', 'c/']);
  });

  test('that is truncated has its token as the cursor', async () => {
    const rest = '<IsTruncated>true</IsTruncated><NextContinuationToken>1a&amp;b==</NextContinuationToken>';
    const { cursor } = await readListing(answer(listing('', rest)), '');
    expect(cursor).toBe('1a&b==');
    expect(listQuery('', { cursor })).toMatchObject({ 'continuation-token': '1a&b==' });
  });

  test.each([
    ['is empty', ''],
    ['is a page', '<html></html>'],
    ['ends early', listing(object('a')).slice(0, -12)],
    ['has a bad size', listing(object('a').replace('7', '-7'))],
    ['has no key', listing(object('a').replace('<Key>a</Key>', ''))],
    ['has a bad coding', listing(object('%E6%9'))],
    ['has keys of another prefix', listing(object('other/a')), 'mine/'],
    ['is truncated without a token', listing('', '<IsTruncated>true</IsTruncated>')],
  ])('that %s is refused', async (_, text, prefix = '') => {
    await expect(readListing(answer(text), prefix)).rejects.toMatchObject({ code: 'invalid-response' });
  });
});
