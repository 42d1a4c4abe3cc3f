import { blockSlicesOf, type BlockSlices } from '../../../src/cache/body-stream.ts';
import type { Preconditions, RangeSpec, Span } from '../../../src/http/index.ts';
import { defaultReader, type ChunkReader } from '../../../src/store/chunk-stream.ts';
import { withTimeout } from '../../../src/base/with-timeout.ts';
import { type ObjectStore, type OpenObject } from '../../../src/store/object-store.ts';
import { newRequestStats } from '../../../src/store/request-stats.ts';
import { evaluateRead } from '../../../src/store/evaluate-read.ts';
import { isStoreError } from '../../../src/store/store-error.ts';
import type { ModelStore, Version } from './model-store.ts';
import { microtask, type Turns } from './turns.ts';

/** The requests of the clients, and the results that are allowed. */
export interface Scene {
  readonly turns: Turns;
  readonly versions: readonly Version[];
  readonly storage: ModelStore;
  readonly store: ObjectStore;
  /** Whether the storage fails at random, and the cache. */
  readonly isStorageFailing: boolean;
  readonly isCacheFailing: boolean;
  readonly keepsVersions: boolean;
  readonly blockSize: number;
  readonly deferred: Promise<unknown>[];
}

/** How a request ended. */
export type Ended = 'whole' | 'left' | 'broken' | 'refused' | 'bodiless';

/** One request, its answer checked. */
export async function requestOnce(scene: Scene): Promise<Ended> {
  const { turns, storage, store, deferred } = scene;
  const { random } = turns;
  const range = rollRange(scene);
  const conditions = rollConditions(scene);
  const before = storage.current();
  const call = { range, conditions, stats: newRequestStats() };
  const isDeferring = !random.oneIn(3);
  const result = await store
    .read('key', isDeferring ? { ...call, defer: (work) => void deferred.push(work) } : call)
    .catch((error: unknown) => {
      const isReplaced = storage.current() !== before;
      checkError(scene, error, isReplaced);
      return undefined;
    });
  if (result === undefined) return 'refused';
  const [etag] = Array.isArray(conditions?.ifMatch) ? conditions.ifMatch : [];
  switch (result.type) {
    case 'open': {
      const { representation, span, body } = result;
      const number = scene.versions.findIndex((version) => version.representation.etag === representation.etag);
      const version = scene.versions[number];
      if (version === undefined || number > storage.current()) throw new Error('it is of no version that ever was');
      const due = evaluateRead(version.representation, { range, conditions });
      const isDue = due.type === 'span' && due.span.start === span.start && due.span.end === span.end;
      if (!isDue) throw new Error(`opened ${span.start} to ${span.end}, not ${JSON.stringify(due)}`);
      return readChecked(scene, result, version, body);
    }
    case 'missing':
      throw new Error('the object is there');
    case 'version-changed':
      if (etag === undefined) throw new Error('changed, without a condition');
      if (before === storage.current() && etag === scene.versions[before]?.representation.etag)
        throw new Error('changed, and it is the current version');
      return 'bodiless';
    case 'unmodified':
      if (conditions?.ifNoneMatch === undefined) throw new Error('unmodified, without a condition');
      return 'bodiless';
    case 'unsatisfiable':
      if (range === undefined) throw new Error('no byte of a whole object');
      return 'bodiless';
  }
}

/** Fails if nothing in this history can have caused the error. */
function checkError({ isStorageFailing, keepsVersions }: Scene, error: unknown, isReplaced: boolean): void {
  if (!isStoreError(error)) throw new Error('it threw what is no error of a store', { cause: error });
  if (isStorageFailing) return;
  const isExcused = error.code === 'version-changed' && isReplaced && !keepsVersions;
  if (!isExcused) throw new Error('it failed without a reason', { cause: error });
}

/** The chunks of a body in order; `undefined` at the end. */
type Read = () => Promise<Uint8Array | undefined>;

async function readChecked(
  scene: Scene,
  opened: OpenObject,
  version: Version,
  body: ReadableStream<Uint8Array>,
): Promise<Ended> {
  const { turns, storage, versions } = scene;
  const { random, wait } = turns;
  const { span } = opened;
  if (opened.bytes !== undefined && random.oneIn(2)) {
    check(version, span, span.start, opened.bytes);
    if (opened.bytes.length !== span.end - span.start) throw new Error('other bytes than it said');
    return 'whole';
  }
  const slices = random.oneIn(3) ? blockSlicesOf(body) : undefined;
  const reader = slices === undefined ? openReader(turns, body) : readPieces(slices);
  const leave = () => reader.cancel().catch(() => undefined);
  const pace = random.pick([0, 0, 1, 4, 20]);
  const isLeaving = random.oneIn(4);
  const read: Read = () => reader.read(Number.MAX_SAFE_INTEGER);
  let at = span.start;
  try {
    for (;;) {
      if (isLeaving && random.oneIn(5)) {
        // While the next read is pending, or before it.
        const last = random.oneIn(2) ? read().catch(() => undefined) : undefined;
        for (let ticks = random.below(10); ticks > 0; ticks--) await microtask();
        await wait(random.below(3));
        await leave();
        await last;
        return 'left';
      }
      await wait(random.below(pace + 1));
      const bytes = await read();
      if (bytes === undefined) break;
      check(version, span, at, bytes);
      at += bytes.length;
    }
  } catch (error) {
    if (error instanceof Wrong) throw error;
    if (slices !== undefined) await leave();
    // A client that pipes a stream of the cache fails with that stream.
    if (slices !== undefined && scene.isCacheFailing) return 'broken';
    // A body of the storage may fail with any error, not only a StoreError.
    if (!scene.isStorageFailing) checkError(scene, error, versions[storage.current()] !== version);
    return 'broken';
  }
  if (slices !== undefined) await leave();
  if (at !== span.end) throw new Wrong(`it ended at ${at} as if whole, before ${span.end}`);
  return 'whole';
}

class Wrong extends Error {}

function check({ bytes }: Version, span: Span, at: number, chunk: Uint8Array): void {
  const isExact = Buffer.compare(chunk, bytes.subarray(at, at + chunk.length)) === 0;
  if (!isExact || at + chunk.length > span.end) throw new Wrong(`other bytes at ${at}`);
}

function openReader({ random }: Turns, body: ReadableStream<Uint8Array>): ChunkReader {
  if (random.oneIn(2)) return defaultReader(body);
  const reader = body.getReader();
  return { read: async () => (await reader.read()).value, cancel: () => reader.cancel() };
}

/** Reads like a platform that pipes the streams of the cache natively. */
function readPieces(slices: BlockSlices): ChunkReader {
  let stream: ChunkReader | undefined;
  let left = 0;
  let isLeft = false;
  async function fromStream(): Promise<Uint8Array | undefined> {
    const chunk = await (stream === undefined ? undefined : withTimeout(PATIENCE, stream.read(left + 1)));
    if (stream === undefined || isLeft) return undefined;
    left -= chunk?.length ?? 0;
    if (left < 0 || (chunk === undefined && left > 0)) throw new Error('a stream has another length than it said');
    if (chunk === undefined) stream = undefined;
    return chunk;
  }
  return {
    async read() {
      for (;;) {
        const chunk = await fromStream();
        if (chunk !== undefined && chunk.length > 0) return chunk;
        if (stream !== undefined && !isLeft) continue;
        const slice = await slices.next();
        if (slice === undefined || slice instanceof Uint8Array) return isLeft ? undefined : slice;
        stream = defaultReader(slice.stream);
        left = slice.end - slice.start;
        if (isLeft) await stream.cancel();
      }
    },
    async cancel() {
      isLeft = true;
      slices.leave();
      await stream?.cancel();
    },
  };
}

/** How long a platform waits for a stream of the cache, in ms. */
const PATIENCE = 20_000;

function rollRange({ turns: { random }, versions, blockSize }: Scene): RangeSpec | undefined {
  const size = versions[0]?.bytes.length ?? 1;
  const start = random.oneIn(3) ? Math.floor(random.below(size) / blockSize) * blockSize : random.below(size);
  const length = 1 + random.below(random.oneIn(2) ? size : blockSize);
  const ranges: readonly RangeSpec[] = [
    { form: 'bounded', start, end: start + length },
    { form: 'bounded', start, end: start + length },
    { form: 'from', start },
    { form: 'suffix', length },
  ];
  return random.oneIn(3) ? undefined : random.pick(ranges);
}

function rollConditions({ turns: { random }, versions }: Scene): Preconditions | undefined {
  const { etag } = random.pick(versions).representation;
  const tags = etag === undefined ? [] : [etag];
  return random.oneIn(3) ? random.pick<Preconditions>([{ ifMatch: tags }, { ifNoneMatch: tags }]) : undefined;
}
