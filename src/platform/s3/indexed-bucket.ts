import {
  DeleteObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  type _Object,
} from '@aws-sdk/client-s3';
import { PIECES_FOLDER, PIECES_TYPE } from '../../digests/piece-index.ts';
import type { IndexedStorage } from '../../digests/index-objects.ts';
import { parseStoredTag } from '../../http/index.ts';
import { isReservedKey } from '../../store/key-rules.ts';
import { withResume } from '../../store/wrappers/with-resume.ts';
import { s3Client, s3Transport } from './s3-client.ts';
import { openS3Store, type S3Source } from './s3-source.ts';

/**
 * Opens a bucket whose objects get indexes.
 *
 * @param source its prefix is that of the keys that are listed
 * @param target the bucket and the prefix of the indexes; by default the same bucket, without a prefix
 */
export function indexedBucket(
  { prefix = '', ...source }: S3Source,
  target: { readonly bucket?: string | undefined; readonly prefix?: string | undefined } = {},
): IndexedStorage {
  const client = s3Client(source.access);
  const transport = s3Transport(source.access);
  const { bucket: indexBucket = source.bucket, prefix: indexPrefix = '' } = target;
  return {
    objects: withResume(openS3Store(source, client, transport)),
    indexes: withResume(openS3Store({ ...source, bucket: indexBucket }, client, transport)),
    indexPrefix,
    async *list() {
      for await (const { Key: key = '', Size: size = 0, ETag: tag } of listObjects(client, source.bucket, prefix)) {
        if (!isReservedKey(key)) yield { key, size, etag: tag === undefined ? undefined : parseStoredTag(tag) };
      }
    },
    async *listIndexes() {
      for await (const { Key: key } of listObjects(client, indexBucket, indexPrefix + PIECES_FOLDER))
        if (key !== undefined) yield key;
    },
    async put(Key, Body) {
      const ContentType = PIECES_TYPE;
      await retried(() => client.send(new PutObjectCommand({ Bucket: indexBucket, Key, Body, ContentType })));
    },
    async remove(Key) {
      await retried(() => client.send(new DeleteObjectCommand({ Bucket: indexBucket, Key })));
    },
  };
}

async function* listObjects(client: S3Client, Bucket: string, Prefix: string): AsyncIterable<_Object> {
  let ContinuationToken: string | undefined;
  do {
    const command = new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken });
    const page = await retried(() => client.send(command));
    yield* page.Contents ?? [];
    ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (ContinuationToken !== undefined);
}

/** Requests until one succeeds, and the pause after the first in ms, which doubles. The client itself retries nothing. */
const MAX_TRIES = 4;
const PAUSE = 200;

/** Repeats a request that failed temporarily. */
async function retried<Result>(send: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await send();
    } catch (error) {
      if (tries === MAX_TRIES || !isTemporary(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE * 2 ** (tries - 1)));
    }
  }
}

/** A refusal is final; a failure of the storage or of the connection is not. */
function isTemporary(error: unknown): boolean {
  const metadata = typeof error === 'object' && error !== null && '$metadata' in error ? error.$metadata : undefined;
  const status =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
      ? metadata.httpStatusCode
      : undefined;
  return typeof status !== 'number' || status >= 500 || status === 429;
}
