import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import type { Representation } from '../../src/http/index.ts';
import { memoryStore } from '../../src/store/drivers/memory.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import { withBlockCache } from '../../src/cache/with-block-cache.ts';
import { isStoreError } from '../../src/store/store-error.ts';
import { withResume } from '../../src/store/wrappers/with-resume.ts';
import { share } from '../campaigns/share.ts';
import { mapCache } from './map-cache.ts';
import { expectNoUnhandledRejections } from '../unhandled-rejections.ts';

expectNoUnhandledRejections();

// The clock is fake: metadata expire by it, and a seed must always play the same history.
beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterAll(() => void vi.useRealTimers());

/** The environment variable RANGEWAY_SEED selects another run; a failure prints the seed. */
const SEED = Number(process.env['RANGEWAY_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** The number of histories of each kind. */
const ROUNDS = { oneWindow: share(600), others: share(200) };
const BLOCK = 512;
/** At most the number of restarts of a read: an object that changes with each read is refused. */
const VERSIONS = 3;

/** Pseudo-random integers from 0 to `below`, exclusive, reproducible by the seed. */
function dice(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** An object each byte of which identifies its version, so mixed versions are detected. */
function version(number: number, size: number): Uint8Array {
  return new Uint8Array(size).fill(number % 251);
}

/**
 * One key whose versions are stored under keys of their own. Replacing takes no time, so a seed always
 * plays the same history.
 */
function switching(versions: ObjectStore, isVersioned: boolean): ObjectStore & { current(): number; replace(): void } {
  let current = 0;
  const named = (representation: Representation, at: number): Representation =>
    isVersioned ? { ...representation, version: String(at) } : representation;
  return {
    current: () => current,
    replace: () => void current++,
    async head(_, call) {
      const at = current;
      const representation = await versions.head(String(at), call);
      return representation && named(representation, at);
    },
    async read(_, call = {}) {
      const at = Number(call.version ?? current);
      const result = await versions.read(String(at), call);
      if (result.type === 'unmodified' && result.metadata !== undefined && isVersioned)
        return { ...result, metadata: { ...result.metadata, version: String(at) } };
      if (!('representation' in result) || result.representation === undefined) return result;
      return { ...result, representation: named(result.representation, at) };
    },
  };
}

interface Outcome {
  readonly wholes: number;
  readonly brokenWholes: number;
  readonly brokenRanges: number;
  /** Multipart responses that broke: their later reads are pinned to a version that was replaced. */
  readonly brokenMultipart: number;
  readonly refused: number;
}

interface Play {
  readonly blocks: number;
  readonly isVersioned: boolean;
  /** The memory limit, in blocks. */
  readonly memory: number;
}

/** How many histories of a kind may have one broken response; in 1,500 it was one in 150 to 214, and in 20. */
interface Allowed {
  readonly first: number;
  readonly oneIn: number;
}

const SELDOM: Allowed = { first: 2, oneIn: 60 };
const NEVER: Allowed = { first: 0, oneIn: Number.POSITIVE_INFINITY };
/** Most blocks have to be read again, and their version may be replaced by then. */
const WITHOUT_MEMORY: Allowed = { first: 3, oneIn: 10 };

/** One history: several clients at once, each with its own requests, while the object is replaced. */
async function play(seed: number, { blocks, isVersioned, memory }: Play): Promise<Outcome> {
  const roll = dice(seed);
  const contents = new Map<string, Uint8Array>();
  const versions = memoryStore();
  for (let number = 0; number < VERSIONS; number++) {
    const bytes = version(number, blocks * BLOCK - roll(BLOCK - 1));
    contents.set(`"${(await versions.put(String(number), bytes)).etag?.opaque}"`, bytes);
  }
  const store = switching(versions, isVersioned);
  const isShortLived = roll(4) === 0;
  const blockStore = withBlockCache(withResume(delayed(store, () => roll(4))), mapCache(), {
    blockSize: BLOCK,
    memory: memory * BLOCK,
    freshness: {
      ttl: isShortLived ? 5 : 30_000,
      negativeTtl: 5,
      staleWhileRevalidate: roll(2) * 5,
      staleIfError: 0,
    },
  });
  const gateway = createGateway({
    store: blockStore,
    resume: false,
    ranges: { nearGap: 0 },
    observers: [{ end: () => undefined }],
  });
  const outcome = { wholes: 0, brokenWholes: 0, brokenRanges: 0, brokenMultipart: 0, refused: 0 };
  async function ask(): Promise<void> {
    const tags = [...contents.keys()];
    const tag = tags[roll(tags.length)] ?? '';
    const size = blocks * BLOCK;
    const at = roll(size - 10);
    const requests: readonly Readonly<Record<string, string>>[] = [
      {},
      {},
      { Range: `bytes=${at}-${at + roll(size)}` },
      { Range: `bytes=${at}-${at + 9}` },
      { Range: `bytes=-${roll(size) + 1}` },
      { Range: `bytes=${at}-`, 'If-Range': tag },
      { Range: `bytes=0-99,${at}-${at + 9},-9` },
      { 'If-None-Match': tag },
      { 'If-Match': tag },
    ];
    const headers = requests[roll(requests.length)] ?? {};
    const response = await gateway.request('/key', { headers });
    const isWhole = Object.keys(headers).length === 0;
    if (isWhole) outcome.wholes++;
    if (response.status === 503) {
      if (isWhole) outcome.brokenWholes++;
      outcome.refused++;
      return;
    }
    expect([200, 206, 304, 412, 416]).toContain(response.status);
    try {
      const body = await slowly(response, roll(3));
      check(response, body, contents);
    } catch (error) {
      if (!isStoreError(error)) throw error;
      // The only allowed reason: the version of the response was replaced.
      if (!isVersionChanged(error)) throw error;
      expect([...contents.keys()][store.current()]).not.toBe(response.headers.get('ETag'));
      if (isWhole) outcome.brokenWholes++;
      else if (headers['Range']?.includes(',') === true) outcome.brokenMultipart++;
      else outcome.brokenRanges++;
    }
  }
  const clients = Array.from({ length: 4 }, async () => {
    for (let i = 0; i < 2; i++) {
      for (let ticks = roll(12); ticks > 0; ticks--) await Promise.resolve();
      await ask();
    }
  });
  let puts = roll(VERSIONS);
  const newest = [...contents.keys()][puts] ?? '';
  const writer = async () => {
    for (; puts > 0; puts--) {
      await tick(roll(6));
      store.replace();
    }
  };
  await Promise.all([...clients, writer()]);
  // After the history, a client that knows the newest version gets it.
  const last = await gateway.request('/key', { headers: { 'If-Match': newest } });
  expect(last.status).toBe(200);
  check(last, await slowly(last, 0), contents);
  return outcome;
}

/** Whether the body failed because its version was replaced. */
function isVersionChanged(error: unknown): boolean {
  return isStoreError(error) && (error.code === 'version-changed' || isVersionChanged(error.cause));
}

/** Advances the event loop by turns of 1 ms. */
async function tick(times: number): Promise<void> {
  vi.setSystemTime(Date.now() + times);
  for (let i = 0; i < times; i++) await new Promise((resolve) => setImmediate(resolve));
}

function delayed(store: ObjectStore, ticks: () => number): ObjectStore {
  return {
    async head(...args) {
      await tick(ticks());
      return store.head(...args);
    },
    async read(...args) {
      await tick(ticks());
      const result = await store.read(...args);
      await tick(ticks());
      return result;
    },
  };
}

async function slowly(response: Response, ticks: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const reader = response.body?.getReader();
  for (;;) {
    const chunk = (await reader?.read())?.value;
    if (chunk === undefined) return Buffer.concat(chunks);
    chunks.push(chunk);
    await tick(ticks);
  }
}

/** Status, tag, length and every byte are of one and the same version. */
function check({ status, headers }: Response, body: Uint8Array, contents: ReadonlyMap<string, Uint8Array>): void {
  if (status !== 200 && status !== 206) return;
  const bytes = contents.get(headers.get('ETag') ?? '');
  if (bytes === undefined) throw new Error(`no version has the tag ${headers.get('ETag')}`);
  expect(body.length).toBe(Number(headers.get('Content-Length')));
  if (status === 200) {
    expect(body.length).toBe(bytes.length);
    expect(Buffer.compare(body, bytes)).toBe(0);
    return;
  }
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get('Content-Range') ?? '');
  if (range === null) return checkParts(body, bytes);
  const [, first, last, size] = range.map(Number);
  expect(size).toBe(bytes.length);
  expect(Buffer.compare(body, bytes.subarray(first, (last ?? 0) + 1))).toBe(0);
}

function checkParts(body: Uint8Array, bytes: Uint8Array): void {
  const text = Buffer.from(body).toString('latin1');
  const parts = [...text.matchAll(/Content-Range: bytes (\d+)-(\d+)\/(\d+)\r\n\r\n/gi)];
  expect(parts.length).toBeGreaterThan(0);
  for (const part of parts) {
    const [first = 0, last = 0, size = 0] = part.slice(1).map(Number);
    const at = part.index + part[0].length;
    expect(size).toBe(bytes.length);
    expect(Buffer.compare(body.subarray(at, at + last + 1 - first), bytes.subarray(first, last + 1))).toBe(0);
  }
}

const ENDLESS = Number.POSITIVE_INFINITY;

test.for<[name: string, play: Play, allowed: Allowed]>([
  ['an object of one window', { blocks: 5, isVersioned: false, memory: ENDLESS }, SELDOM],
  ['an object of several windows', { blocks: 18, isVersioned: false, memory: ENDLESS }, SELDOM],
  ['an object of several windows whose versions are kept', { blocks: 18, isVersioned: true, memory: ENDLESS }, NEVER],
  ['an object of several windows, memory for one block', { blocks: 18, isVersioned: false, memory: 1 }, WITHOUT_MEMORY],
])('%s, replaced while it is read: each response is of one version', async ([name, history, allowed]) => {
  const rounds = history.blocks === 5 ? ROUNDS.oneWindow : ROUNDS.others;
  const sum = { wholes: 0, brokenWholes: 0, brokenRanges: 0, brokenMultipart: 0, refused: 0 };
  for (let round = 0; round < rounds; round++) {
    const seed = SEED + round;
    try {
      const one = await play(seed, history);
      sum.wholes += one.wholes;
      sum.brokenWholes += one.brokenWholes;
      sum.brokenRanges += one.brokenRanges;
      sum.brokenMultipart += one.brokenMultipart;
      sum.refused += one.refused;
    } catch (error) {
      throw new Error(`with RANGEWAY_SEED=${seed}`, { cause: error });
    }
  }
  console.log(`RANGEWAY_SEED=${SEED}, ${rounds} histories of ${name}: ${JSON.stringify(sum)}`);
  expect(sum.wholes).toBeGreaterThan(rounds);
  // Cached blocks of a replaced version may be followed by blocks that can no longer be read.
  expect(sum.brokenWholes + sum.brokenRanges).toBeLessThanOrEqual(allowed.first + rounds / allowed.oneIn);
});
