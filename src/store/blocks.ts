import { isPinnable, spanLength, type Representation, type Span } from '../http/index.ts';
import type { BlockCache } from '../cache/block-cache.ts';
import { blocksOf, type Piece } from '../cache/grid.ts';
import { blockSource, type BlockSource, type PinnedObject, type Window } from './block-source.ts';
import { defaultReader, type ToReader } from './chunk-stream.ts';
import { SMALL, makeInquirer, type AccountedCall, type Finding, type Inquirer } from './inquiry.ts';
import { listed, portableJoin, type Join } from './joined-body.ts';
import type { CacheAccount, CallOptions, HeadOptions, ObjectStore, ReadOptions, ReadResult } from './object-store.ts';
import { openedBytes } from './opened-bytes.ts';
import type { Freshness } from './register.ts';
import { select, withheld } from './slice.ts';
import type { Handover } from './spare.ts';
import { isStoreError } from './store-error.ts';
import { makeTouched, type Touched } from './touched.ts';
import type { Portion } from './portion.ts';
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
  /** Bytes of blocks on their way into the cache, all answers together; what finds no room is read past it. */
  readonly room: number;
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
  ahead: 3,
  maxBlocks: 100_000,
  room: Number.POSITIVE_INFINITY,
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
  const source = blockSource({
    ...settings,
    store,
    cache,
    onChanged: ({ key, representation }) => inquirer.doubt(key, representation),
  });
  const inquirer = makeInquirer({ ...settings, store, source });
  const parts: Parts = {
    store,
    source,
    inquirer,
    touched: makeTouched(),
    settings,
  };
  return {
    head: (key, asked = {}) => describe(parts, key, accounted(asked)),
    read: (key, asked = {}) =>
      asked.version === undefined ? readThrough(parts, key, accounted(asked)) : store.read(key, asked),
    purge: (key) => parts.inquirer.forget(key),
  };
}

/** An object may be replaced while its first blocks are read; so often it is begun again. */
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

async function describe(
  { inquirer }: Parts,
  key: string,
  asked: HeadOptions & AccountedCall,
): Promise<Representation | undefined> {
  const { conditions = {} } = asked;
  const finding = await inquirer.describe(key, asked);
  if (finding.type === 'answer') return undefined;
  const { representation, isNew } = finding;
  if (isNew || withheld(representation, conditions)?.type !== 'changed') return representation;
  inquirer.doubt(key, representation);
  const second = await inquirer.describe(key, asked);
  return second.type === 'answer' ? undefined : second.representation;
}

async function readThrough(parts: Parts, key: string, asked: Asked): Promise<ReadResult> {
  for (let changes = 0; ; changes++) {
    const finding = await parts.inquirer.find(key, asked);
    if (finding.type === 'answer') {
      touch(parts, key, finding.result, asked);
      return finding.result;
    }
    try {
      const result = await readKnown(parts, key, finding, asked);
      // Whoever asks for another version may know of a newer one than we do.
      if (result.type !== 'changed' || finding.isNew || changes === MAX_CHANGES) return result;
    } catch (error) {
      if (!isChanged(error) || changes === MAX_CHANGES) throw error;
    } finally {
      finding.release?.();
      // Whoever has taken it has done so by now.
      finding.spare?.drop();
    }
    parts.inquirer.doubt(key, finding.representation);
  }
}

async function readKnown(
  parts: Parts,
  key: string,
  { representation, spare }: Known,
  asked: Asked,
): Promise<ReadResult> {
  const selection = select(representation, asked);
  if (selection.type !== 'span') return selection;
  if (!isPinnable(representation)) {
    asked.account.forward = 'bypass';
    return parts.store.read(key, asked);
  }
  const { span } = selection;
  const content = await openBody(parts, { key, representation }, span, asked, spare);
  return content instanceof Uint8Array
    ? openedBytes(representation, span, content)
    : { type: 'open', representation, span, body: content };
}

type Known = Extract<Finding, { readonly type: 'known' }>;

/** A range that came as the answer to a question was read past the cache, and was a first touch of its blocks. */
function touch({ touched, settings }: Parts, key: string, result: ReadResult, { account }: Asked): void {
  if (result.type !== 'open' || !isPinnable(result.representation)) return;
  const { representation, span } = result;
  const blocks = blocksOf(span, settings.blockSize);
  account.misses += blocks.end - blocks.start;
  if (isSmall(span, settings)) touched.all({ key, representation }, blocks);
}

async function openBody(
  parts: Parts,
  object: PinnedObject,
  span: Span,
  call: Asked,
  spare: Handover | undefined,
): Promise<Content> {
  const { source, touched, settings } = parts;
  const { blockSize, maxBlocks, join } = settings;
  const { account } = call;
  const length = spanLength(span);
  const blocks = blocksOf(span, blockSize);
  if (length === 0) return join(listed([]), 0);
  if (blocks.end - blocks.start > maxBlocks) {
    account.forward = 'bypass';
    return source.open(object, span, call);
  }
  // Noted of hits too: a block that is asked for and has left the cache comes back with one read.
  const isFirstTouch = isSmall(span, settings) && !touched.all(object, blocks);
  if (isFirstTouch || blocks.end - blocks.start <= settings.segment) {
    const wanted = piecesOf(span, blocks, blockSize);
    const there = source.peek(object, wanted);
    if (there !== undefined) return joinHits(there, length, settings, account);
    // A block for a few bytes is worth it when they are not the only ones: a first touch gets just its bytes.
    if (isFirstTouch && !source.isUnderWay(object, wanted)) return openFew(parts, object, span, wanted, call);
  }
  const { pieces, begun } = walk({
    ...settings,
    source,
    object,
    span,
    blocks,
    call,
    spare,
    onWindow: (window) => countWindow(account, window),
    onBypass: () => {
      account.forward ??= 'bypass';
    },
  });
  try {
    // Waited for before the status is sent: what fails until then is an answer of its own.
    await begun;
  } catch (error) {
    await pieces.return();
    throw error;
  }
  return join(pieces, length);
}

/** A body, or its bytes where they are few and there already. */
type Content = ReadableStream<Uint8Array> | Uint8Array;

async function openFew(
  { source, settings }: Parts,
  object: PinnedObject,
  span: Span,
  pieces: readonly Piece[],
  call: Asked,
): Promise<Content> {
  const { account } = call;
  const found = await source.look(object, pieces, call);
  if (found === undefined) {
    account.misses += pieces.length;
    account.forward ??= 'miss';
    return source.open(object, span, call);
  }
  return joinHits(found, spanLength(span), settings, account);
}

/** Bytes that a client is given at once: no more than a platform would send ahead of it anyway. */
const FEW = 256 * 1024;

function joinHits(found: readonly Portion[], length: number, { join }: BlocksOptions, account: CacheAccount): Content {
  account.hits += found.length;
  account.bytes += length;
  return (length <= FEW ? inOne(found, length) : undefined) ?? join(listed(found), length);
}

/** Copied where they are several: of a range across two blocks a stream costs more than 64 KiB. */
function inOne(found: readonly Portion[], length: number): Uint8Array | undefined {
  const pieces = found.filter((portion) => portion instanceof Uint8Array);
  if (pieces.length < found.length || total(pieces) !== length) return undefined;
  const [first] = pieces;
  if (first?.length === length) return first;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function total(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

function isSmall(span: Span, { blockSize }: BlocksOptions): boolean {
  return spanLength(span) <= blockSize / SMALL;
}

function isChanged(error: unknown): boolean {
  return isStoreError(error) && error.code === 'changed';
}

function countWindow(account: CacheAccount, { pieces, hits, hitBytes }: Window): void {
  const misses = pieces.length - hits;
  if (misses > 0) {
    account.forward ??= account.hits + hits > 0 ? 'partial' : 'miss';
    account.isStored = true;
  }
  account.hits += hits;
  account.bytes += hitBytes;
  account.misses += misses;
}
