import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { s3Client } from './s3-client.ts';
import type { S3Source } from './s3-source.ts';

/**
 * Lists the keys of a bucket, 1,000 with each request, in the order of S3. Keys that end in a slash are left out: they
 * are placeholders of folders.
 *
 * @param source its prefix is removed from the keys
 * @param prefix of the keys that are listed, after the one of the source
 * @throws Error of the SDK
 */
export async function* listBucket(
  { bucket, prefix: own = '', access }: S3Source,
  prefix: string,
): AsyncGenerator<string> {
  const client = s3Client(access);
  try {
    let token: string | undefined;
    do {
      const { Contents = [], NextContinuationToken } = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: `${own}${prefix}`,
          ContinuationToken: token,
          // XML has no way to write some characters of keys.
          EncodingType: 'url',
        }),
      );
      for (const { Key = '' } of Contents) {
        const key = decodeURIComponent(Key.replaceAll('+', ' ')).slice(own.length);
        if (key !== '' && !key.endsWith('/')) yield key;
      }
      token = NextContinuationToken;
    } while (token !== undefined);
  } finally {
    client.destroy();
  }
}
