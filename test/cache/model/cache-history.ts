import { vi } from 'vitest';
import { withBlockCache, type BlockCacheOptions } from '../../../src/cache/with-block-cache.ts';
import { withResume } from '../../../src/store/wrappers/with-resume.ts';
import type { Random } from '../../fuzz/random.ts';
import { requestOnce, type Ended, type Scene } from './cache-client.ts';
import { modelCache, type ModelCache } from './model-cache.ts';
import type { Ending } from './model-body.ts';
import { makeVersion, modelStore } from './model-store.ts';
import { makeTurns, type Turns } from './turns.ts';

/** How many requests of a history ended in each way. */
export type CacheOutcome = Record<Ended, number>;

interface Stage extends Scene {
  readonly cache: ModelCache;
  readonly settings: Pick<BlockCacheOptions, 'memory' | 'blockSize' | 'maxBlocks'>;
}

/** The timeout of the cache, in ms. */
const PATIENCE = 1_000;

/** Whole blocks of the last version; with bounded memory, as many as fit. */
const LAST = 3;

/** Plays one history of a cached store: many clients, while the object is replaced, blocks are evicted, and storage and cache fail. */
export async function playCache(random: Random): Promise<CacheOutcome> {
  const turns = makeTurns(random);
  const stage = startStage(turns);
  const { storage } = stage;
  const ends: CacheOutcome = { whole: 0, left: 0, broken: 0, refused: 0, bodiless: 0 };
  async function live(): Promise<void> {
    for (let requests = 1 + random.below(7); requests > 0; requests--) {
      await turns.wait(random.below(12));
      // Until a cache that failed is used again.
      if (random.oneIn(4)) await new Promise((resolve) => setTimeout(resolve, 6_000));
      ends[await requestOnce(stage)]++;
    }
  }
  async function write(): Promise<void> {
    for (let replaced = random.pick([0, 1, 2]); replaced > 0; replaced--) {
      await turns.wait(random.below(60));
      // The last version is reserved for the end of the history.
      if (storage.current() < stage.versions.length - 2) storage.replace();
    }
  }
  const clients = Array.from({ length: 1 + random.below(5) }, live);
  await playOut(turns, Promise.all([...clients, write()]));
  await playOut(turns, Promise.all(stage.deferred));
  await fireTimers(turns);
  verify(stage);
  await verifyMemory(turns, stage);
  verify(stage);
  return ends;
}

function startStage(turns: Turns): Stage {
  const { random } = turns;
  const blockSize = random.pick([4, 7, 16, 64]);
  const memory = random.pick([blockSize - 1, ...[1, LAST, LAST, 100, 100].map((blocks) => blocks * blockSize)]);
  const keepsVersions = random.oneIn(2);
  const sizes = [1, 2, 3].map(() => 1 + random.below(9 * blockSize));
  const last = Math.max(1, Math.min(LAST, Math.floor(memory / blockSize))) * blockSize;
  const versions = [...sizes, last].map((size, number) => makeVersion(number, size, keepsVersions));
  const storageMood = random.pick(['sound', 'sound', 'resumed', 'bare']);
  const endings: Record<typeof storageMood, readonly Ending[]> = {
    sound: ['whole'],
    resumed: ['whole', 'early', 'fails', 'hangs', 'surplus'],
    // The bodies of a store are exact or fail: withResume() ends a body of another length.
    bare: ['whole', 'fails'],
  };
  const isStorageFailing = storageMood !== 'sound';
  const isCacheFailing = random.oneIn(2);
  const storage = modelStore(turns, {
    versions,
    keepsVersions,
    blockSize,
    endings: endings[storageMood] ?? [],
    isFailing: isStorageFailing,
  });
  const cache = modelCache(turns, {
    versions,
    blockSize,
    memory,
    patience: PATIENCE,
    isFailing: isCacheFailing,
    has: random.pick(['left out', 'true', 'guessed']),
    hasPeek: random.oneIn(2),
    givesStreams: !random.oneIn(3),
  });
  const settings = {
    blockSize,
    memory,
    maxBlocks: random.pick([LAST, 100_000]),
    freshness: {
      ttl: random.pick([0, 5, 30_000]),
      negativeTtl: 0,
      staleWhileRevalidate: random.pick([0, 10_000]),
      staleIfError: random.pick([0, 10_000]),
    },
    cacheTimeout: PATIENCE,
    isShared: !random.oneIn(4),
  };
  const isResumed = storageMood === 'resumed' || (storageMood === 'sound' && random.oneIn(2));
  const source = isResumed ? withResume(storage, { backoff: { first: 0, most: 0 }, tries: 6 }) : storage;
  const store = withBlockCache(source, cache, settings);
  const deferred: Promise<unknown>[] = [];
  return {
    turns,
    versions,
    storage,
    store,
    cache,
    settings,
    isStorageFailing,
    isCacheFailing,
    keepsVersions,
    blockSize,
    deferred,
  };
}

/** Runs the schedule until some work has ended. */
async function playOut<Value>(turns: Turns, work: Promise<Value>): Promise<Value> {
  let isOver = false;
  const end = () => (isOver = true);
  work.then(end, end);
  await turns.play(() => isOver);
  return work;
}

/** Runs the schedule until no timer is pending. */
async function fireTimers(turns: Turns): Promise<void> {
  do await turns.play(() => vi.getTimerCount() === 0);
  while (vi.getTimerCount() > 0);
}

/** Checks the invariants of the end of a history. */
function verify({ storage, cache }: Stage): void {
  const faults = [...cache.misuse];
  for (const { isClosed, misuse } of [...storage.bodies, ...cache.streams]) {
    faults.push(...misuse);
    if (!isClosed()) faults.push('a body or stream is open');
  }
  if (faults.length > 0) throw new Error([...new Set(faults)].join('; '));
}

/** Checks that all memory was released: all blocks of an object that needs all of it can wait for the cache at once. */
async function verifyMemory(turns: Turns, stage: Stage): Promise<void> {
  const { storage, cache, store, versions, settings } = stage;
  const { memory, blockSize } = settings;
  storage.heal();
  while (storage.current() < versions.length - 1) storage.replace();
  // Later than the pause of a failed cache and the lifetime of all metadata.
  vi.advanceTimersByTime(60_000);
  const letGo = cache.hold();
  const version = versions.at(-1);
  const result = await playOut(turns, store.read('key'));
  if (version === undefined || result.type !== 'open') throw new Error(`the last version is ${result.type}`);
  const bytes = await playOut(turns, new Response(result.body).bytes());
  if (Buffer.compare(bytes, version.bytes) !== 0) throw new Error('other bytes of the last version');
  const due = memory < blockSize ? 0 : version.bytes.length / blockSize;
  if (cache.held() !== due) throw new Error(`${cache.held()} blocks of ${due} were kept`);
  letGo();
  await fireTimers(turns);
  // The cache has stored none of them, and no other memory is taken.
  const opened = storage.bodies.length;
  const again = await playOut(turns, store.read('key'));
  if (again.type !== 'open' || storage.bodies.length === opened) throw new Error('the blocks are still held');
  await playOut(
    turns,
    again.body.cancel().catch(() => undefined),
  );
  await fireTimers(turns);
}
