import { equalSpans, strongEqual, type Representation, type Span } from '../http/index.ts';
import type { CallOptions, ObjectStore, OpenObject, ReadOptions, ReadResult } from './object-store.ts';
import { isArchived, storeError } from './store-error.ts';

/** A body that broke off, and the bytes of it that are still to be read. */
export interface ReopenRequest {
  readonly store: ObjectStore;
  readonly key: string;
  /** The representation that the first read returned. It has a strong entity tag. */
  readonly representation: Representation;
  /** The bytes that are still to be read, half-open, at least one. */
  readonly rest: Span;
  /** The version that the first read requested by name, if it did. It need not be the current one. */
  readonly version?: string | undefined;
}

/**
 * Opens the rest of a body: exactly its bytes, of exactly its version.
 *
 * A storage that keeps versions still has a version that was replaced during the download, so the download ends as it
 * began. The version's name is sent only in that case, because S3 requires a separate permission for reads by version.
 *
 * @throws StoreError `version-changed` if the version can't be read any more; `archived` if it must be restored first;
 *   `invalid-response` if the storage returns other bytes
 */
export async function reopenFrom(
  { store, key, representation, rest, version: requested }: ReopenRequest,
  call: CallOptions,
): Promise<ReadableStream<Uint8Array>> {
  const { etag, version } = representation;
  const conditions = etag === undefined ? undefined : { ifMatch: [etag] };
  const options: ReadOptions = { ...call, range: { form: 'bounded', ...rest }, conditions };
  const result = await (requested === undefined
    ? readOriginal(store, key, options, version)
    : store.read(key, { ...options, version: requested }));
  if (result.type !== 'open')
    throw storeError('version-changed', `the object was ${result.type} when its rest was read`);
  if (isRest(result, representation, rest)) return result.body;
  await result.body.cancel().catch(() => undefined);
  throw storeError(
    'invalid-response',
    `the storage gave other bytes than ${rest.start} to ${rest.end} to read on with`,
  );
}

/** Reads the pinned version: as the current one if it still is, else by its name if it has one. */
async function readOriginal(
  store: ObjectStore,
  key: string,
  options: ReadOptions,
  version: string | undefined,
): Promise<ReadResult> {
  if (version === undefined) return store.read(key, options);
  try {
    const result = await store.read(key, options);
    if (result.type === 'open') return result;
  } catch (error) {
    if (!isArchived(error)) throw error;
    // The archived object may be a newer version, and the pinned one still readable. If it is not, this error is
    // thrown.
    const pinned = await store.read(key, { ...options, version }).catch(() => undefined);
    if (pinned?.type !== 'open') throw error;
    return pinned;
  }
  return readVersion(store, key, { ...options, version });
}

/** Reads a version by its name. Any failure is `version-changed`: without this version the download can't go on. */
async function readVersion(store: ObjectStore, key: string, options: ReadOptions): Promise<ReadResult> {
  try {
    return await store.read(key, options);
  } catch (error) {
    throw storeError('version-changed', 'the object was replaced, and its old version could not be read', error);
  }
}

function isRest({ representation, span }: OpenObject, original: Representation, rest: Span): boolean {
  const { size, etag } = representation;
  const isSame = etag !== undefined && original.etag !== undefined && strongEqual(etag, original.etag);
  return isSame && size === original.size && equalSpans(span, rest);
}
