import type { Representation } from '../http/index.ts';
import type { ObjectStore } from '../store/object-store.ts';
import type { PieceIndexes } from './piece-indexes.ts';

/**
 * Wraps a store so that metadata have the SHA-256 that the piece index of the object has. The index is read beside the
 * object, if it is not known.
 */
export function withPieceDigests(store: ObjectStore, indexes: PieceIndexes): ObjectStore {
  return {
    async head(key, options = {}) {
      const digest = indexes.beginDigest(key, options);
      const representation = await store.head(key, options);
      return representation === undefined ? undefined : addDigest(representation, digest);
    },
    async read(key, options = {}) {
      const digest = indexes.beginDigest(key, options);
      const result = await store.read(key, options);
      if (result.type !== 'open') return result;
      const representation = await addDigest(result.representation, digest);
      // Not a copy of the result: its body may be made only when it is used.
      return representation === result.representation ? result : Object.assign(result, { representation });
    },
  };
}

async function addDigest(
  representation: Representation,
  digest: (version: Representation) => Promise<string | undefined>,
): Promise<Representation> {
  if (representation.digests?.['sha-256'] !== undefined) return representation;
  const sha256 = await digest(representation);
  if (sha256 === undefined) return representation;
  return { ...representation, digests: { ...representation.digests, 'sha-256': sha256 } };
}
