import type { Span } from '../../../src/http/index.ts';
import { startFill, type Fill } from '../../../src/cache/fill.ts';
import { blockLength } from '../../../src/cache/grid.ts';
import { defaultReader } from '../../../src/store/chunk-stream.ts';
import { storeError } from '../../../src/store/store-error.ts';
import { modelBody, randomScript, toStream, type Ending, type ModelBody } from './model-body.ts';
import type { Turns } from './turns.ts';

/** A block that was stored, and a copy made at that time. */
interface KeptBlock {
  readonly bytes: Uint8Array;
  readonly copy: Uint8Array;
}

/** A fill with recording doubles of all its dependencies. */
export interface FillStage {
  readonly fill: Fill;
  readonly span: Span;
  readonly blockSize: number;
  readonly object: Uint8Array;
  readonly body: ModelBody;
  readonly ending: Ending;
  readonly opening: Opening;
  /** Whether the memory of a block was ever refused. */
  readonly isRefused: () => boolean;
  /** Work that may continue after all clients have detached. */
  readonly deferred: readonly Promise<unknown>[];
  /** The position in the object at which a failing storage ends. */
  readonly breakAt: number;
  /** Checks the invariants of the end. `seen` is the end of the bytes that clients have read. */
  verify(seen: number): void;
}

export type Opening = 'prompt' | 'late' | 'fails';

/** Random bytes for objects: no two positions have the same content. */
const BYTES = crypto.getRandomValues(new Uint8Array(64 * 1024));
const MANY = Buffer.concat(Array.from({ length: 48 }, (_, index) => BYTES.map((byte) => byte ^ (index * 5))));

/** Lengths of blocks, in bytes. At the last ones, chunks are gathered. */
const SIZES = [4, 7, 16, 64] as const;
const LARGE = [200 * 1024, 512 * 1024] as const;

/** Starts a random fill; `undefined` if there is no memory for its first block, so that it does not start. */
export function startFillStage(turns: Turns): FillStage | undefined {
  const { random, wait } = turns;
  const blockSize = random.pick(random.oneIn(20) ? LARGE : SIZES);
  const size = 1 + random.below(6 * blockSize);
  const from = random.below(MANY.length - size);
  const object = MANY.subarray(from, from + size);
  const span = rollSpan(turns, blockSize, size);
  const opening = random.pick<Opening>(['prompt', 'prompt', 'late', 'late', 'fails']);
  const endings: readonly Ending[] = ['whole', 'whole', 'whole', 'early', 'surplus', 'fails', 'hangs'];
  const script = randomScript(turns, object.subarray(span.start, span.end), blockSize, endings);
  const large = blockSize > 1000 ? { chunk: random.pick([100_000, 70_000, 300_000, 900_000]) } : {};
  const body = modelBody(turns, { ...script, ...large });
  const stream = random.pick(['none', 'ours', 'platform']);
  const budget = random.pick([blockSize, 2 * blockSize, 100 * blockSize]);
  const isMoody = random.oneIn(3);

  const faults: string[] = [];
  const kept = new Map<number, KeptBlock>();
  const granted: Span[] = [];
  const deferred: Promise<unknown>[] = [];
  let taken = 0;
  let isRefused = false;
  let overs = 0;
  let asked = span.start;

  /** Memory for the next block; the fill requests it block by block. */
  function reserveMemory(bytes: number): (() => void) | undefined {
    const buffer = { start: asked, end: asked + bytes };
    const due = Math.min((Math.floor(asked / blockSize) + 1) * blockSize, span.end) - asked;
    if (bytes !== due) faults.push(`took ${bytes} bytes at ${asked}, not ${due}`);
    asked += due;
    if (taken + bytes > budget || (isMoody && random.oneIn(2))) {
      isRefused = true;
      return undefined;
    }
    taken += bytes;
    granted.push(buffer);
    let isHeld = true;
    return () => {
      if (!isHeld) return void faults.push(`gave the memory at ${buffer.start} back twice`);
      isHeld = false;
      taken -= bytes;
    };
  }

  function keep(index: number, block: Uint8Array, release: () => void): void {
    if (kept.has(index)) faults.push(`kept block ${index} twice`);
    kept.set(index, { bytes: block, copy: block.slice() });
    const start = index * blockSize;
    if (!isEqual(block, object.subarray(start, start + blockLength(index, blockSize, size))))
      faults.push(`kept other bytes as block ${index}`);
    deferred.push(wait(random.below(6)).then(release));
  }

  async function open(): Promise<ReadableStream<Uint8Array>> {
    if (opening !== 'prompt') await wait(random.below(8));
    if (opening === 'fails') throw random.oneIn(2) ? storeError('version-changed', 'replaced') : new Error('refused');
    return toStream(body, stream === 'platform');
  }

  const fill = startFill({
    span,
    blockSize,
    size,
    open,
    toReader: (opened) => (stream === 'none' ? body.reader : defaultReader(opened)),
    reserveMemory,
    keep,
    onEnd: () => overs++,
    defer: random.oneIn(3) ? undefined : (work) => void deferred.push(work),
  });
  if (fill === undefined) {
    if (!isRefused || taken > 0) throw new Error('it did not start, although there was memory, or it kept some');
    return undefined;
  }
  const { isOver } = fill;

  function verify(seen: number): void {
    if (!isOver()) faults.push('it is not over');
    if (overs !== 1) faults.push(`it was over ${overs} times`);
    if (taken !== 0) faults.push(`${taken} bytes of memory were not released`);
    if (opening !== 'fails' && !body.isClosed()) faults.push('its read is open');
    // Cancelling a body that has ended has no effect.
    faults.push(...body.misuse);
    for (const { start, end } of granted) {
      const isWhole = start % blockSize === 0 && (end % blockSize === 0 || end === size);
      const isPersistent = kept.has(Math.floor(start / blockSize));
      if (isPersistent && !isWhole) faults.push(`kept a part of the block at ${start}`);
      if (!isPersistent && isWhole && seen >= end) faults.push(`did not keep the block at ${start}`);
    }
    for (const [index, block] of kept) {
      if (!granted.some(({ start }) => start === index * blockSize)) faults.push(`kept block ${index} without memory`);
      if (!isEqual(block.bytes, block.copy)) faults.push(`changed block ${index} after it was kept`);
      if (body.given() + span.start < index * blockSize + block.bytes.length) faults.push(`kept ${index} unread`);
    }
    if (faults.length > 0) throw new Error(faults.join('; '));
  }

  return {
    fill,
    span,
    blockSize,
    object,
    body,
    ending: script.ending,
    opening,
    isRefused: () => isRefused,
    deferred,
    breakAt: span.start + script.after,
    verify,
  };
}

/** Aligned to blocks at neither end, at one, or at both. */
function rollSpan({ random }: Turns, blockSize: number, size: number): Span {
  const start = random.oneIn(2) ? 0 : random.below(size);
  const end = random.oneIn(2) ? size : start + 1 + random.below(size - start);
  const down = (at: number) => Math.floor(at / blockSize) * blockSize;
  return {
    start: random.oneIn(2) ? down(start) : start,
    end: random.oneIn(2) ? Math.min(down(end - 1) + blockSize, size) : end,
  };
}

export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
