import { sameSpan, strongEqual, type Representation, type Span } from '../http/index.ts';
import type { CallOptions, ObjectStore, OpenObject, ReadOptions, ReadResult } from './object-store.ts';
import { isArchived, storeError } from './store-error.ts';

/** A body that broke off, and where it is read on. */
export interface ReopenRequest {
  readonly store: ObjectStore;
  readonly key: string;
  /** What the first read said; it has a strong tag. */
  readonly representation: Representation;
  /** The bytes that are still due, at least one. */
  readonly rest: Span;
  /** The name of the version, where the read that is continued asked for it by name: it need not be the current one. */
  readonly version?: string | undefined;
}

/**
 * Opens what is left of a body that broke off: exactly its bytes, of exactly its version.
 *
 * A storage that keeps versions still has the one that was replaced in between, so a running download ends as it
 * began. It is named only then: reading by version needs a permission of its own on S3.
 *
 * @throws StoreError `changed` where that version is not to be had any more; `archived` where it has to be restored
 * first; `invalid-response` for any other bytes
 */
export async function reopenFrom(
  { store, key, representation, rest, version: named }: ReopenRequest,
  call: CallOptions,
): Promise<ReadableStream<Uint8Array>> {
  const { etag, version } = representation;
  const conditions = etag === undefined ? undefined : { ifMatch: [etag] };
  const options: ReadOptions = { ...call, range: { form: 'bounded', ...rest }, conditions };
  const result = await (named === undefined
    ? readOriginal(store, key, options, version)
    : store.read(key, { ...options, version: named }));
  if (result.type !== 'open')
    throw storeError('version-changed', `the object was ${result.type} when its rest was read`);
  if (isRest(result, representation, rest)) return result.body;
  await result.body.cancel().catch(() => undefined);
  throw storeError(
    'invalid-response',
    `the storage gave other bytes than ${rest.start} to ${rest.end} to read on with`,
  );
}

/** Reads the current version where it still is the one pinned, else by the version's name, where it has one. */
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
    // What is archived may be a new version, and the old one at hand. If it is not, this error is the answer.
    const old = await store.read(key, { ...options, version }).catch(() => undefined);
    if (old?.type !== 'open') throw error;
    return old;
  }
  return readVersion(store, key, { ...options, version });
}

/** A version that may not be read is as good as gone. */
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
  return isSame && size === original.size && sameSpan(span, rest);
}
