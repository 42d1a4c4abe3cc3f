import type { BlockCache } from '../cache/block-cache.ts';
import { withBlocks } from '../store/blocks.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { withResume } from '../store/resume.ts';
import type { Conduit } from './conduit.ts';
import type { Settings } from './settings.ts';

/** What a mount reads from. */
export interface Storage {
  readonly store: ObjectStore;
  /** Makes the next request for a key ask the storage, whatever a cache knows of it. */
  readonly purge: (key: string) => void;
}

/**
 * The store that a gateway reads from: the one it was given, with what the settings put around it.
 *
 * Bodies are read on by default where they pass through JavaScript anyway. Where they don't, that would double the
 * CPU time of a body (in workerd, from 1.3 to 2.7 seconds a GiB, the kernel's part included), and takes a setting.
 */
export function openStorage(
  store: ObjectStore,
  cache: BlockCache | undefined,
  scope: string,
  { toReader, join, isNative }: Conduit,
  { resume, blocks }: Settings,
): Storage {
  const isResumed = resume !== false && (resume !== undefined || !isNative);
  const resumed = isResumed ? withResume(store, { ...(typeof resume === 'object' ? resume : {}), toReader }) : store;
  if (cache === undefined) return { store: resumed, purge: () => undefined };
  const { size: blockSize, immutable, ttl, ...times } = blocks;
  const freshness = { ...times, ttl: immutable ? Number.POSITIVE_INFINITY : ttl };
  const options = { scope, blockSize, freshness, toReader, join, ...(isNative ? NATIVE : {}) };
  const cached = withBlocks(resumed, cache, options);
  return { store: cached, purge: (key) => cached.purge(key) };
}

/**
 * On Workers six connections a request are all there are, the cache's among them: three blocks looked up at once, and
 * two reads. Of 10,000 subrequests, a cold block costs up to three.
 */
const NATIVE = { segment: 3, ahead: 1, maxBlocks: 3_000 } as const;
