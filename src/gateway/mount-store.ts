import type { BlockCache, BlockName } from '../cache/block-cache.ts';
import { sameSpan, strongTag } from '../http/index.ts';
import { withBlockCache } from '../cache/with-block-cache.ts';
import type { ObjectStore, ReadOptions } from '../store/object-store.ts';
import { withParallelReads } from '../store/wrappers/with-parallel-reads.ts';
import { withResume } from '../store/wrappers/with-resume.ts';
import { withRanges } from '../store/wrappers/with-ranges.ts';
import type { BodyPipe } from './download/body-pipe.ts';
import { assertMatchesRequest } from './download/pinned-read.ts';
import type { Settings } from '../config/settings.ts';

/** What a mount reads from. */
export interface MountStore {
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
export function composeStore(
  given: ObjectStore,
  cache: BlockCache | undefined,
  scope: string,
  bodyPipe: BodyPipe,
  { resume, parallelReads, blocks }: Settings,
): MountStore {
  const { toReader, isNative, toBlocks } = bodyPipe;
  const store = withRanges(given);
  const isPassedOn = isNative && (resume === undefined || resume === false);
  // Switched off, bodies that pass through JavaScript are still ended where the storage falls silent.
  const options = resume === false ? { tries: 0 } : typeof resume === 'object' ? resume : {};
  const resumed = isPassedOn ? store : withResume(store, { ...options, toReader });
  const isParallel = parallelReads !== undefined && parallelReads !== false;
  const parallel = isParallel ? withParallelReads(resumed, { ...parallelReads, toReader }) : resumed;
  if (cache === undefined) return { store: parallel, purge: () => undefined };
  const { size, ttl, ...times } = blocks;
  const freshness = { ...times, ttl: ttl === 'forever' ? Number.POSITIVE_INFINITY : ttl };
  const { timeout } = cache;
  const platform = toBlocks?.(size) ?? (size === undefined ? {} : { blockSize: size });
  const kept = { scope, freshness, toReader, ...platform };
  cache.attach?.(scope, (name) => readBlock(resumed, bodyPipe, name));
  const cached = withBlockCache(parallel, cache, timeout === undefined ? kept : { ...kept, cacheTimeout: timeout });
  return { store: cached, purge: (key) => cached.purge(key) };
}

/** For a cache that fills itself. What is another version by now, it is not to have. */
async function readBlock(
  store: ObjectStore,
  bodyPipe: BodyPipe,
  { key, etag: opaque, blockSize, index, length }: BlockName,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const etag = strongTag(opaque);
  if (etag === undefined) return undefined;
  const start = index * blockSize;
  const rest = { start, end: start + length };
  const options: ReadOptions = { range: { form: 'bounded', ...rest }, conditions: { ifMatch: [etag] } };
  const result = await store.read(key, options);
  if (result.type !== 'open') return undefined;
  await assertMatchesRequest(result, options);
  if (!sameSpan(result.span, rest)) {
    await result.body.cancel();
    return undefined;
  }
  if (result.hasNativeLength === true) return result.body;
  // What is kept has to have a length that the platform knows.
  const parts = [{ head: new Uint8Array(0), span: rest }];
  const reads = [{ open: async () => result.body, span: rest, parts }];
  const { signal } = new AbortController();
  return bodyPipe.pipe({ length, reads, tail: new Uint8Array(0), signal, close: () => undefined }).body;
}
