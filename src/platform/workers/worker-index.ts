import { indexEvent } from '../../digests/index-event.ts';
import type { IndexedStorage } from '../../digests/index-objects.ts';
import { PIECES_TYPE } from '../../digests/piece-index.ts';
import { r2Store } from '../../store/drivers/r2.ts';
import { withResume } from '../../store/wrappers/with-resume.ts';
import { nativeBodyPipe } from './native-body-pipe.ts';
import { workersHashing } from './piece-hashing.ts';

/** The largest object that a Worker indexes, in bytes: about a minute of CPU. `rangeway index` takes larger ones. */
const MAX_SIZE = 16 * 1024 ** 3;

/** The event notification of an R2 bucket, as its queue delivers it. */
export interface BucketEvent {
  readonly action: string;
  readonly object: { readonly key: string; readonly size?: number };
}

const CREATED: ReadonlySet<string> = new Set(['PutObject', 'CopyObject', 'CompleteMultipartUpload']);
const DELETED: ReadonlySet<string> = new Set(['DeleteObject', 'LifecycleDeletion']);

/**
 * Builds or removes the piece index of the object that an event is about.
 *
 * @param prefix of the setting `pieces`
 * @throws StoreError or the error of R2 if the event has to be delivered again
 */
export async function indexBucketEvent(bucket: R2Bucket, { action, object }: BucketEvent, prefix = ''): Promise<void> {
  const type = CREATED.has(action) ? 'created' : DELETED.has(action) ? 'deleted' : undefined;
  if (type === undefined) return;
  const options = { hashing: workersHashing, toReader: nativeBodyPipe.toReader, maxSize: MAX_SIZE };
  await indexEvent(indexedR2(bucket, prefix), { type, ...object }, options);
}

function indexedR2(bucket: R2Bucket, indexPrefix: string): IndexedStorage {
  const store = r2Store(bucket);
  return {
    objects: withResume(store, { toReader: nativeBodyPipe.toReader }),
    indexes: store,
    indexPrefix,
    // Events name the objects, so nothing is listed.
    async *list() {},
    async *listIndexes() {},
    async put(indexKey, bytes) {
      await bucket.put(indexKey, bytes, { httpMetadata: { contentType: PIECES_TYPE } });
    },
    remove: (indexKey) => bucket.delete(indexKey),
  };
}

/** The messages of a batch, as far as they are used. */
interface EventBatch {
  readonly messages: readonly { readonly body: BucketEvent; ack(): void; retry(): void }[];
}

/** The consumer of the queue of a bucket's events: a Worker of its own, so that the gateway stays small. */
export default {
  async queue(
    { messages }: EventBatch,
    env: { readonly BUCKET: R2Bucket; readonly PIECES_PREFIX?: string },
  ): Promise<void> {
    for (const message of messages) {
      try {
        await indexBucketEvent(env.BUCKET, message.body, env.PIECES_PREFIX);
        message.ack();
      } catch (error) {
        console.error(`rangeway: ${JSON.stringify(message.body.object.key)}: no index`, error);
        message.retry();
      }
    }
  },
};
