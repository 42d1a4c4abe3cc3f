import { createCipheriv, createHash } from 'node:crypto';

/** An object that the origin serves. Its bytes are computed from their positions, so it may have any size. */
export interface BenchObject {
  readonly key: string;
  /** In bytes. */
  readonly size: number;
  /** Its strong tag, without quotes; as S3's, 32 hexadecimal digits. */
  readonly tag: string;
}

const MiB = 1024 ** 2;

/** Nobody has it. */
export const MISSING_KEY = 'missing.bin';

/** Names that parts use for objects; `large` has the size that the command line says. */
export type ObjectName = 'large' | 'medium' | 'payload' | 'small' | 'huge';

/** What is served, by name. */
export type Catalogue = Readonly<Record<ObjectName, BenchObject>>;

/** Size of a cold object, in bytes. */
const COLD_SIZE = 256 * MiB;

/** An object that nobody has asked for before, where `n` was not used before. */
export function coldObject(n: number): BenchObject {
  return benchObject(`cold-${n}.bin`, COLD_SIZE);
}

/** The object of a key, of those that are listed and of the cold ones, which are not. */
export function findObject(objects: readonly BenchObject[], key: string): BenchObject | undefined {
  const cold = /^cold-(\d+)\.bin$/.exec(key);
  return cold === null ? objects.find((one) => one.key === key) : coldObject(Number(cold[1]));
}

/** @param large size of the large object, in bytes */
export function catalogue(large: number): Catalogue {
  return {
    large: benchObject('large.bin', large),
    medium: benchObject('medium.bin', 8 * MiB),
    // What still fits into a buffered answer of Lambda.
    payload: benchObject('payload.bin', 4_000_000),
    small: benchObject('small.bin', 1_000_000),
    huge: benchObject('huge.bin', 1_000_000_000_000),
  };
}

function benchObject(key: string, size: number): BenchObject {
  return { key, size, tag: createHash('md5').update(`${key} ${size}`).digest('hex') };
}

/** When every object was last modified. */
export const LAST_MODIFIED = new Date('2026-01-02T03:04:05Z');

/** Bytes repeat after this many. A prime, so that no round offset hides a mistake. */
const PERIOD = 1_000_003;

/** How many periods lie one after the other, so that most slices are one. */
const COPIES = 4;

const PATTERN = createPattern();

function createPattern(): Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16));
  const period = cipher.update(Buffer.alloc(PERIOD));
  return Buffer.concat(Array.from({ length: COPIES }, () => period));
}

/** Most bytes that one {@link bytesAt} gives. */
export const MAX_SLICE = PERIOD * (COPIES - 1);

/**
 * The bytes of any object from a position on. A view of one buffer: not to be written to.
 *
 * @param length at most {@link MAX_SLICE}
 */
export function bytesAt(position: number, length: number): Buffer {
  const start = position % PERIOD;
  return PATTERN.subarray(start, start + length);
}
