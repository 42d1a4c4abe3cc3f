import { lruMap } from '../base/lru-map.ts';
import { isPinnable, strongEqual, strongTag, toBase64, type Representation } from '../http/index.ts';
import { failedCondition } from '../store/evaluate-read.ts';
import { isReservedKey } from '../store/key-rules.ts';
import type { CallOptions, ObjectStore, ReadOptions, ReadResult } from '../store/object-store.ts';
import { isVersionChanged, storeError } from '../store/store-error.ts';
import { readPieceIndex } from './read-piece-index.ts';

/** Versions of which the digest is known. */
const MAX_KNOWN = 10_000;

/** Reads of a file that is replaced between the look at its tag and the read. */
const MAX_TRIES = 3;

/**
 * Wraps a store of files so that the entity tag of a file is its SHA-256, where its piece index is that of the file as it
 * is. So a file that is touched or copied, here or on another machine, has the same tag again when it is indexed, and
 * downloads are resumed. Without a current index, a file keeps the tag of the store.
 *
 * @param store whose tags change with each change of a file
 * @param indexes the store of the indexes, without a prefix
 * @example
 * import { withDigestTags } from 'rangeway';
 * import { createGateway, fsStore } from 'rangeway/node';
 *
 * const files = fsStore('/srv/files');
 * export default createGateway({ store: withDigestTags(files, files), pieces: true });
 */
export function withDigestTags(store: ObjectStore, indexes: ObjectStore): ObjectStore {
  /** The digest in base64, by the file's own tag. */
  const known = lruMap<string>(MAX_KNOWN);

  async function digestOf(key: string, { etag, size }: Representation, call: CallOptions): Promise<string | undefined> {
    const name = `${etag?.opaque} ${key}`;
    const found = known.get(name);
    if (found !== undefined) return found;
    const stored = await readPieceIndex(indexes, '', key, { signal: call.signal });
    if (stored.type !== 'found' || stored.index.etag !== etag?.opaque || stored.index.size !== size) return undefined;
    const digest = toBase64(stored.index.sha256);
    known.set(name, digest);
    return digest;
  }

  async function tagged(key: string, representation: Representation, call: CallOptions): Promise<Representation> {
    if (isReservedKey(key) || !isPinnable(representation)) return representation;
    const sha256 = await digestOf(key, representation, call);
    if (sha256 === undefined) return representation;
    const storedTag = representation.etag.opaque;
    return { ...representation, etag: strongTag(sha256), storedTag, digests: { 'sha-256': sha256 } };
  }

  async function readOnce(key: string, options: ReadOptions): Promise<ReadResult> {
    // The store knows conditions on its own tags only, so they are evaluated here, and the read is pinned to its tag.
    const found = await store.head(key, { ...options, stats: undefined });
    if (found === undefined) return { type: 'missing' };
    const representation = await tagged(key, found, options);
    const failed = failedCondition(representation, options.conditions ?? {});
    if (failed !== undefined) return failed;
    const conditions = isPinnable(found) ? { ifMatch: [found.etag] } : undefined;
    const result = await store.read(key, { ...options, conditions });
    if (result.type === 'open' && isSameVersion(result.representation, found)) return { ...result, representation };
    if (result.type === 'unsatisfiable') return { ...result, representation };
    if (result.type === 'open') await result.body.cancel().catch(() => undefined);
    if (result.type === 'missing') return result;
    throw storeError('version-changed', 'a file was replaced before it was read');
  }

  return {
    isLocal: store.isLocal,
    probe: store.probe,
    async head(key, options = {}) {
      const representation = await store.head(key, options);
      return representation === undefined ? undefined : tagged(key, representation, options);
    },
    async read(key, options = {}) {
      for (let tries = 1; ; tries++) {
        try {
          return await readOnce(key, options);
        } catch (error) {
          if (tries === MAX_TRIES || !isVersionChanged(error)) throw error;
        }
      }
    },
  };
}

/** A file that is being written has a weak tag; what is read of it is whatever it is then. */
function isSameVersion(opened: Representation, { etag }: Representation): boolean {
  if (etag === undefined || etag.weak || opened.etag === undefined) return true;
  return strongEqual(opened.etag, etag);
}
