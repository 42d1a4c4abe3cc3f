import type { BlockCache, CachedBytes } from '../cache/block-cache.ts';
import { blocksOf } from '../cache/grid.ts';
import { spanLength, type Span } from '../http/index.ts';
import { blockSource, type BlockSource, type PinnedObject, type Window } from './block-source.ts';
import { defaultReader, type ToReader } from './chunk-reader.ts';
import { makeInquirer, SMALL, type AccountedCall, type Inquirer } from './inquiry.ts';
import { portableJoin, type Join, type Pieces } from './joined-body.ts';
import type { CallOptions, ObjectStore, ReadOptions, ReadResult } from './object-store.ts';
import type { Freshness } from './register.ts';
import { isPinnable } from './pinnable.ts';
import { openPinned } from './segment.ts';
import { select } from './select.ts';
import { isStoreError } from './store-error.ts';
import type { CacheAccount } from './tally.ts';
import { makeTouched, type Touched } from './touched.ts';
import { piecesOf, walk } from './windows.ts';

/** How a cache of blocks works. */
export interface BlocksOptions {
  /** Tells buckets apart that share a cache. */
  readonly scope: string;
  /** Bytes of a block. */
  readonly blockSize: number;
  /** Blocks that one read of the storage brings at the most. */
  readonly segment: number;
  /** Reads of the storage ahead of the one that the client is given. */
  readonly ahead: number;
  /** Blocks of one answer; a longer one is read past the cache. */
  readonly maxBlocks: number;
  readonly freshness: Freshness;
  /** How long the cache may take to answer, in ms. */
  readonly cacheTimeout: number;
  readonly toReader: ToReader;
  readonly join: Join;
}

/** What holds where nothing else is said; docs/caching.md has the measurements. */
export const BLOCKS_DEFAULTS = {
  scope: '',
  blockSize: 1024 * 1024,
  segment: 8,
  ahead: 2,
  maxBlocks: 100_000,
  freshness: { ttl: 30_000, negativeTtl: 5_000, staleWhileRevalidate: 0, staleIfError: 0 },
  cacheTimeout: 1_000,
  toReader: defaultReader,
  join: portableJoin,
} as const satisfies BlocksOptions;

/** A store that serves blocks out of a cache. */
export interface BlockStore extends ObjectStore {
  /** Forgets what is known of a key, so that the next request asks the storage. Blocks of old versions are merely not asked for. */
  purge(key: string): void;
}

/**
 * Serves ranges of objects out of aligned blocks in a cache. Blocks are named by the version's strong tag, so a changed
 * object has other blocks and no two versions mix; metadata are kept for a time, and say which version is served.
 */
export function withBlocks(store: ObjectStore, cache: BlockCache, options: Partial<BlocksOptions> = {}): BlockStore {
  const settings: BlocksOptions = { ...BLOCKS_DEFAULTS, ...options };
  const source = blockSource({ ...settings, store, cache });
  const parts: Parts = {
    store,
    source,
    inquirer: makeInquirer({ ...settings, store, source }),
    touched: makeTouched(),
    settings,
  };
  return {
    head: (key, call = {}) => parts.inquirer.head(key, accounted(call)),
    read: (key, asked = {}) =>
      asked.version === undefined ? readThrough(parts, key, accounted(asked), MAX_CHANGES) : store.read(key, asked),
    purge: (key) => parts.inquirer.forget(key),
  };
}

/** An object may be replaced while its first block is read; so often it is begun again. */
const MAX_CHANGES = 2;

interface Parts {
  readonly store: ObjectStore;
  readonly source: BlockSource;
  readonly inquirer: Inquirer;
  readonly touched: Touched;
  readonly settings: BlocksOptions;
}

type Asked = ReadOptions & AccountedCall;

/** The call with its account, which is the tally's where there is one. */
function accounted<Call extends CallOptions>(call: Call): Call & AccountedCall {
  const account: CacheAccount = call.tally?.cache ?? { hits: 0, misses: 0, bytes: 0, isStored: false };
  if (call.tally !== undefined) call.tally.cache = account;
  return { ...call, account };
}

async function readThrough(parts: Parts, key: string, asked: Asked, changes: number): Promise<ReadResult> {
  const { store, inquirer } = parts;
  const finding = await inquirer.find(key, asked);
  if (finding.type === 'answer') {
    touch(parts, key, finding.result);
    return finding.result;
  }
  const { representation, isNew } = finding;
  if (!isPinnable(representation)) {
    asked.account.forward = 'bypass';
    return store.read(key, asked);
  }
  const selection = select(representation, asked);
  if (selection.type === 'changed' && !isNew && changes > 0) {
    // Whoever asks for another version may know of a newer one than we do.
    inquirer.forget(key);
    return readThrough(parts, key, asked, changes - 1);
  }
  if (selection.type !== 'span') return selection;
  const { span } = selection;
  try {
    return { type: 'open', representation, span, body: await openBody(parts, { key, representation }, span, asked) };
  } catch (error) {
    if (!isStoreError(error) || error.code !== 'changed') throw error;
    inquirer.forget(key);
    if (changes === 0) throw error;
    return readThrough(parts, key, asked, changes - 1);
  }
}

/** A range that came as the answer to a question was a first touch of its blocks. */
function touch({ touched, settings }: Parts, key: string, result: ReadResult): void {
  if (result.type !== 'open' || !isPinnable(result.representation)) return;
  touched.all({ key, representation: result.representation }, blocksOf(result.span, settings.blockSize));
}

async function openBody(
  { store, source, inquirer, touched, settings }: Parts,
  object: PinnedObject,
  span: Span,
  call: Asked,
): Promise<ReadableStream<Uint8Array>> {
  const { blockSize, maxBlocks, join } = settings;
  const length = spanLength(span);
  const blocks = blocksOf(span, blockSize);
  if (length === 0) return join(listed([]), 0);
  if (blocks.end - blocks.start > maxBlocks) {
    call.account.forward = 'bypass';
    return openPinned(store, object.key, object.representation, span, call);
  }
  if (length <= blockSize / SMALL && !touched.all(object, blocks)) {
    // A block for a few bytes is worth it when they are not the only ones: a first touch gets just its bytes.
    const found = await source.look(object, piecesOf(span, blocks, blockSize));
    const bytes = found.flatMap((one) => (one === undefined ? [] : [one]));
    if (bytes.length === found.length) {
      call.account.hits += bytes.length;
      call.account.bytes += length;
      return join(listed(bytes), length);
    }
    call.account.misses += found.length;
    call.account.forward ??= 'miss';
    return openPinned(store, object.key, object.representation, span, call);
  }
  call.account.isStored = true;
  const pieces = walk({
    ...settings,
    source,
    object,
    span,
    blocks,
    call,
    onWindow: (one) => countWindow(call.account, one),
  });
  // The first is there before the status is sent: what fails until then is an answer of its own.
  const first = await pieces.next();
  return join(
    forgetting(first, pieces, () => inquirer.forget(object.key)),
    length,
  );
}

/** The pieces, of which one is taken already. That the object changed is remembered for the client's next request. */
async function* forgetting(first: IteratorResult<CachedBytes, undefined>, rest: Pieces, forget: () => void): Pieces {
  try {
    if (first.value !== undefined) yield first.value;
    yield* rest;
  } catch (error) {
    if (isStoreError(error) && error.code === 'changed') forget();
    throw error;
  } finally {
    await rest.return(undefined);
  }
}

async function* listed(bytes: readonly CachedBytes[]): Pieces {
  yield* bytes;
}

function countWindow(account: CacheAccount, { pieces, hits, hitBytes }: Window): void {
  const misses = pieces.length - hits;
  account.hits += hits;
  account.bytes += hitBytes;
  account.misses += misses;
  if (misses > 0) account.forward ??= account.hits > 0 ? 'partial' : 'miss';
}
