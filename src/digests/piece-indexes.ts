import { steadyTime } from '../base/clock.ts';
import { lruMap } from '../base/lru-map.ts';
import { isPinnable, toBase64, type Representation } from '../http/index.ts';
import type { CallOptions, ObjectStore } from '../store/object-store.ts';
import { encodePieceIndex, type PieceIndex } from './piece-index.ts';
import { readPieceIndex, type StoredIndex } from './read-piece-index.ts';

/** Where the indexes of a mount are, and how long it is known whether an object has one. */
export interface PieceIndexesOptions {
  readonly store: ObjectStore;
  /** Put before the keys of indexes: the setting `pieces.prefix`. */
  readonly prefix: string;
  /** Put before the keys of objects: an index is found by the key in the bucket. */
  readonly keyPrefix: string;
  /** How long an index is used without another look, in ms. */
  readonly ttl: number;
  /** How long it is remembered that there is none, in ms. */
  readonly absentTtl: number;
}

/** An index, decoded and as it is stored. */
export type FoundIndex = Extract<StoredIndex, { readonly type: 'found' }>;

type IndexCall = Pick<CallOptions, 'stats' | 'signal'>;

/** The indexes of a mount's objects. */
export interface PieceIndexes {
  /**
   * Returns the index of exactly this version of an object.
   *
   * @returns `undefined` if there is none, or if it is damaged
   * @throws StoreError if the store of the indexes can't be read
   */
  find(key: string, version: Representation, call: IndexCall): Promise<FoundIndex | undefined>;
  /**
   * Begins to look for the digest of an object, before its version is known.
   *
   * @returns finds the SHA-256 of a version, in base64. Never throws: without an index there is no digest
   */
  beginDigest(key: string, call: IndexCall): (version: Representation) => Promise<string | undefined>;
  /** Makes the next call for a key look again. */
  forget(key: string): void;
}

/** The result of a look at the index of one key. */
interface Known {
  /** The tag of the version for which it was read. Another version has another index. */
  readonly tag: string;
  readonly readAt: number;
  /** Absent if there is no index of that version. */
  readonly sha256?: string | undefined;
}

/** Keys of which the digest is known. An entry takes 200 bytes. */
const MAX_KNOWN = 10_000;

/** Indexes that are kept as a whole, of 512 KiB at most. */
const MAX_KEPT = 16;

/** Keys whose damaged index was logged. */
const MAX_LOGGED = 1_000;

/** Opens the indexes of a mount. */
export function pieceIndexes({ store, prefix, keyPrefix, ttl, absentTtl }: PieceIndexesOptions): PieceIndexes {
  const known = lruMap<Known>(MAX_KNOWN);
  const kept = lruMap<FoundIndex>(MAX_KEPT);
  const logged = lruMap<true>(MAX_LOGGED);

  async function read(key: string, call: IndexCall): Promise<FoundIndex | undefined> {
    const fullKey = keyPrefix + key;
    const stored = await readPieceIndex(store, prefix, fullKey, call);
    if (stored.type === 'invalid' && logged.get(fullKey) === undefined) {
      logged.set(fullKey, true);
      const reason = stored.isLater ? 'has a later format' : 'is damaged';
      console.error(`rangeway: the piece index of ${JSON.stringify(fullKey)} ${reason}, and counts as none`);
    }
    return stored.type === 'found' ? stored : undefined;
  }

  function remember(key: string, tag: string, found: FoundIndex | undefined): void {
    known.set(key, {
      tag,
      readAt: steadyTime(),
      sha256: found === undefined ? undefined : toBase64(found.index.sha256),
    });
    if (found === undefined) kept.delete(key);
    else kept.set(key, found);
  }

  /** Returns what is known of a key, if it is fresh. */
  function fresh(key: string): Known | undefined {
    const entry = known.get(key);
    if (entry === undefined) return undefined;
    return steadyTime() - entry.readAt < (entry.sha256 === undefined ? absentTtl : ttl) ? entry : undefined;
  }

  return {
    async find(key, version, call) {
      if (!isPinnable(version)) return undefined;
      const tag = version.etag.opaque;
      const entry = fresh(key);
      const whole = kept.get(key);
      if (entry?.tag === tag && (entry.sha256 === undefined || whole !== undefined)) return whole;
      const stored = await read(key, call);
      const found = stored !== undefined && isOf(stored.index, version) ? await withTag(stored, tag) : undefined;
      remember(key, tag, found);
      return found;
    },
    beginDigest(key, call) {
      const entry = fresh(key);
      const begun = entry === undefined ? settled(read(key, call)) : undefined;
      return async (version) => {
        if (!isPinnable(version)) return undefined;
        const tag = version.etag.opaque;
        if (entry?.tag === tag) return entry.sha256;
        const stored = await (begun ?? settled(read(key, call)));
        if (stored === 'failed') return undefined;
        const found = stored !== undefined && isOf(stored.index, version) ? stored : undefined;
        remember(key, tag, found);
        return found === undefined ? undefined : toBase64(found.index.sha256);
      };
    },
    forget(key) {
      known.delete(key);
      kept.delete(key);
    },
  };
}

/** Whether an index is that of a version. */
function isOf(index: PieceIndex, { etag, storedTag = etag?.opaque, size }: Representation): boolean {
  return index.etag === storedTag && index.size === size;
}

/** Returns an index with the tag that clients see: in a folder with digests as tags, it is stored with that of the file. */
async function withTag(found: FoundIndex, etag: string): Promise<FoundIndex> {
  if (found.index.etag === etag) return found;
  const index = { ...found.index, etag };
  return { type: 'found', index, bytes: await encodePieceIndex(index) };
}

/** Turns a failure into a value, so that a read that is begun and not needed raises no unhandled rejection. */
function settled<Value>(work: Promise<Value>): Promise<Value | 'failed'> {
  return work.catch(() => 'failed' as const);
}
