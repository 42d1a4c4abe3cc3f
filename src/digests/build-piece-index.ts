import { isPinnable, type Representation } from '../http/index.ts';
import { defaultReader, type ChunkReader, type ToReader } from '../store/chunk-stream.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { storeError } from '../store/store-error.ts';
import { HASH_LENGTH, MAX_INDEXED_SIZE, pieceLengthOf, type PieceIndex } from './piece-index.ts';

/** A hash that takes bytes as they come. */
export interface RunningHash<Digest> {
  /** @param bytes valid until the call returns, or until its promise settles */
  update(bytes: Uint8Array): void | Promise<void>;
  digest(): Promise<Digest>;
}

/** The hashes of the platform. */
export interface Hashing {
  whole(): RunningHash<{ readonly sha256: Uint8Array; readonly crc32: number }>;
  /** @param length the most bytes that the piece has */
  piece(length: number): RunningHash<Uint8Array>;
}

/** An index, or the reason why there can be none. */
export type BuiltIndex =
  | { readonly type: 'built'; readonly index: PieceIndex }
  | { readonly type: 'missing' }
  /** The object has no strong entity tag, so that an index could be that of another version. */
  | { readonly type: 'untagged' }
  /** The object has more than 16 TiB. */
  | { readonly type: 'too-large' };

/** The most bytes of one read, where the platform has such a limit. */
const MAX_READ = 256 * 1024;

/** Pieces that are hashed at the same time. */
const MAX_PENDING = 4;

/**
 * Reads an object once, and builds its index. All bytes are those of one version: they come from one read, which a
 * wrapper such as `withResume` continues only in the same version.
 *
 * @param key of the object in `store`
 * @param fullKey of the object in its bucket, which the index contains
 * @param onBytes called with the number of bytes of each chunk that is read
 * @param toReader opens the body; by default chunk by chunk, as they come
 * @throws StoreError if the object can't be read; `version-changed` if it is replaced meanwhile
 */
export async function buildPieceIndex(
  store: ObjectStore,
  key: string,
  fullKey: string,
  hashing: Hashing,
  onBytes: (count: number) => void = () => undefined,
  toReader: ToReader = defaultReader,
): Promise<BuiltIndex> {
  const read = await store.read(key);
  if (read.type !== 'open') return { type: 'missing' };
  const { representation, body } = read;
  const { size, etag } = representation;
  const reason = !isPinnable(representation) ? 'untagged' : size > MAX_INDEXED_SIZE ? 'too-large' : undefined;
  if (reason !== undefined || etag === undefined) {
    await body.cancel().catch(() => undefined);
    return { type: reason ?? 'untagged' };
  }
  const digests = await hashBody(toReader(body), representation, hashing, onBytes);
  return { type: 'built', index: { key: fullKey, etag: etag.opaque, size, ...digests } };
}

async function hashBody(
  reader: ChunkReader,
  { size }: Representation,
  hashing: Hashing,
  onBytes: (count: number) => void,
): Promise<Pick<PieceIndex, 'sha256' | 'crc32' | 'pieces'>> {
  const whole = hashing.whole();
  const pieces = pieceHashes(size, hashing);
  let total = 0;
  try {
    for (;;) {
      const bytes = await reader.read(MAX_READ);
      if (bytes === undefined) break;
      total += bytes.length;
      await whole.update(bytes);
      await pieces.update(bytes);
      onBytes(bytes.length);
    }
    if (total !== size) throw storeError('invalid-response', `a body of ${total} bytes instead of ${size}`);
    return { ...(await whole.digest()), pieces: await pieces.digest() };
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    throw error;
  }
}

/** Cuts the bytes into pieces and hashes each. */
function pieceHashes(size: number, hashing: Hashing): RunningHash<Uint8Array> {
  const length = pieceLengthOf(size);
  const digests: Promise<Uint8Array>[] = [];
  let piece = hashing.piece(length);
  let filled = 0;

  async function close(): Promise<void> {
    const digest = piece.digest();
    // A failure is thrown where the digests are collected.
    digest.catch(() => undefined);
    digests.push(digest);
    piece = hashing.piece(length);
    filled = 0;
    await digests.at(-MAX_PENDING);
  }

  return {
    async update(bytes) {
      for (let offset = 0; offset < bytes.length;) {
        const part = bytes.subarray(offset, offset + length - filled);
        await piece.update(part);
        offset += part.length;
        filled += part.length;
        if (filled === length) await close();
      }
    },
    async digest() {
      if (filled > 0) await close();
      const joined = new Uint8Array(digests.length * HASH_LENGTH);
      for (const [i, digest] of (await Promise.all(digests)).entries()) joined.set(digest, i * HASH_LENGTH);
      return joined;
    },
  };
}
