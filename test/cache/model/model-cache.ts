import type { BlockCache, BlockName, CachedBytes } from '../../../src/cache/block-cache.ts';
import type { Span } from '../../../src/http/index.ts';
import { modelBody, randomScript, toStream, type Ending, type ModelBody } from './model-body.ts';
import type { Version } from './model-store.ts';
import type { Turns } from './turns.ts';

export interface ModelCacheOptions {
  readonly versions: readonly Version[];
  readonly blockSize: number;
  /** The limit of bytes of all puts in progress. */
  readonly memory: number;
  /** The timeout of its callers, in ms. */
  readonly patience: number;
  /** Whether it throws, hangs, returns wrong lengths, and streams that fail. */
  readonly isFailing: boolean;
  readonly has: 'left out' | 'true' | 'guessed';
  readonly hasPeek: boolean;
  readonly givesStreams: boolean;
}

/** A cache with random eviction, which records its calls. */
export interface ModelCache extends BlockCache {
  /** All streams that it has returned. */
  readonly streams: readonly ModelBody[];
  /** Calls with wrong arguments. */
  readonly misuse: readonly string[];
  /** Evicts all blocks, ends all faults, and delays puts. @returns a function that lets the puts continue */
  hold(): () => void;
  /** The number of delayed puts. */
  held(): number;
}

/** Creates a cache. */
export function modelCache(turns: Turns, options: ModelCacheOptions): ModelCache {
  const { versions, blockSize, memory, patience, hasPeek, givesStreams } = options;
  const { random, wait } = turns;
  const blocks = new Map<number, Map<string, Uint8Array>>();
  const streams: ModelBody[] = [];
  const misuse: string[] = [];
  let { isFailing } = options;
  let pending = 0;
  let held = 0;
  let gate: Promise<void> | undefined;

  const endings: readonly Ending[] = ['whole', 'early', 'fails', 'hangs', 'surplus'];
  const fails = (times: number) => isFailing && random.oneIn(times);

  function find({ etag, index, length, blockSize: size }: BlockName): Uint8Array | undefined {
    const version = versions.find(({ representation }) => representation.etag?.opaque === etag);
    const due = Math.min(blockSize, (version?.bytes.length ?? 0) - index * blockSize);
    if (length !== due || size !== blockSize) misuse.push(`asked for block ${index} of ${etag}, ${length} bytes`);
    // Evicted, by this call or another one.
    if (random.oneIn(30)) blocks.get(index)?.delete(etag);
    return blocks.get(index)?.get(etag);
  }

  /** The slice, or at random another one, which the wrapper must detect. */
  function cut(block: Uint8Array | undefined, { start, end }: Span): Uint8Array | undefined {
    if (!(start >= 0 && end > start && end <= blockSize)) misuse.push(`asked for ${start} to ${end} of a block`);
    if (!fails(15)) return block?.subarray(start, end);
    return random.oneIn(2) ? block?.subarray(start, end - 1) : block;
  }

  function stream(part: Uint8Array): ReadableStream<Uint8Array> {
    const script = randomScript(turns, part, blockSize, isFailing ? endings : ['whole']);
    const body = modelBody(turns, script);
    streams.push(body);
    return toStream(body, random.oneIn(2));
  }

  function verify({ etag, index }: BlockName, block: Uint8Array): boolean {
    const version = versions.find(({ representation }) => representation.etag?.opaque === etag);
    const bytes = version?.bytes.subarray(index * blockSize, (index + 1) * blockSize) ?? new Uint8Array(0);
    return Buffer.compare(bytes, block) === 0;
  }

  async function answer(name: BlockName, part: Span): Promise<CachedBytes | undefined> {
    await wait(random.below(5));
    if (fails(40)) throw new Error('the cache broke');
    // Forever, or longer than the timeout: a late result must be closed too.
    if (fails(40)) await new Promise((resolve) => random.oneIn(2) && setTimeout(resolve, 2 * patience));
    const block = find(name);
    const isStream = block !== undefined && givesStreams && !random.oneIn(4);
    return isStream ? stream(block.subarray(part.start, part.end)) : cut(block, part);
  }

  async function put(name: BlockName, block: Uint8Array): Promise<void> {
    if (!verify(name, block)) misuse.push(`was given other bytes as block ${name.index} of ${name.etag}`);
    pending += block.length;
    if (pending > memory) misuse.push(`${pending} bytes are being put`);
    try {
      if (gate !== undefined) {
        held++;
        return await gate;
      }
      await wait(random.below(8));
      if (fails(25)) throw new Error('the cache is full');
      if (fails(40)) return await new Promise((resolve) => void setTimeout(resolve, patience));
      blocks.set(name.index, (blocks.get(name.index) ?? new Map<string, Uint8Array>()).set(name.etag, block));
    } finally {
      pending -= block.length;
      if (!verify(name, block)) misuse.push(`block ${name.index} of ${name.etag} was changed`);
    }
  }

  return {
    streams,
    misuse,
    held: () => held,
    hold() {
      let open = (): void => undefined;
      gate = new Promise((resolve) => {
        open = resolve;
      });
      isFailing = false;
      blocks.clear();
      return () => open();
    },
    get(name, part) {
      if (fails(60)) throw new Error('the cache is gone');
      return answer(name, part);
    },
    put,
    ...(options.has === 'left out'
      ? {}
      : {
          has(name) {
            if (fails(100)) throw new Error('the cache can not tell');
            return options.has === 'guessed' && random.oneIn(3) ? random.oneIn(2) : find(name) !== undefined;
          },
        }),
    ...(hasPeek
      ? {
          peek(name, part) {
            if (fails(100)) throw new Error('the cache can not look');
            return random.oneIn(3) ? undefined : cut(find(name), part);
          },
        }
      : {}),
  };
}
