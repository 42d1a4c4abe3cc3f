import { createCipheriv, createHash } from 'node:crypto';

/** An object of the origin. Its bytes are computed from their positions, so it may have any size. */
export interface BenchObject {
  readonly key: string;
  /** In bytes. */
  readonly size: number;
  /** Its strong entity tag without quotes: 32 hexadecimal digits, as in S3. */
  readonly tag: string;
}

const MiB = 1024 ** 2;

/** Key of an object that does not exist. */
export const MISSING_KEY = 'missing.bin';

/** Names of the objects in workloads; the size of `large` is an option of the command line. */
export type ObjectName = 'large' | 'medium' | 'payload' | 'small' | 'huge';

/** The objects by name. */
export type Catalogue = Readonly<Record<ObjectName, BenchObject>>;

/** Size of a cold object, in bytes. */
const COLD_SIZE = 256 * MiB;

/** Makes an object that is in no cache, if `n` is new in each call. */
export function coldObject(n: number): BenchObject {
  return benchObject(`cold-${n}.bin`, COLD_SIZE);
}

/** Finds the object of a key. Cold objects exist without being listed. */
export function findObject(objects: readonly BenchObject[], key: string): BenchObject | undefined {
  const cold = /^cold-(\d+)\.bin$/.exec(key);
  return cold === null ? objects.find((object) => object.key === key) : coldObject(Number(cold[1]));
}

/**
 * Makes the objects of a run.
 *
 * @param large size of the large object, in bytes
 */
export function catalogue(large: number): Catalogue {
  return {
    large: benchObject('large.bin', large),
    medium: benchObject('medium.bin', 8 * MiB),
    // Fits into a buffered response of Lambda.
    payload: benchObject('payload.bin', 4_000_000),
    small: benchObject('small.bin', 1_000_000),
    huge: benchObject('huge.bin', 1_000_000_000_000),
  };
}

function benchObject(key: string, size: number): BenchObject {
  return { key, size, tag: createHash('md5').update(`${key} ${size}`).digest('hex') };
}

/** The modification date of all objects. */
export const LAST_MODIFIED = new Date('2026-01-02T03:04:05Z');

/** Bytes after which the content repeats: a prime, so that an offset by a power of two or ten changes the content. */
const PERIOD = 1_000_003;

/** Number of periods in the buffer, so that a slice of {@link MAX_SLICE} bytes is contiguous. */
const COPIES = 4;

const PATTERN = createPattern();

function createPattern(): Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16));
  const period = cipher.update(Buffer.alloc(PERIOD));
  return Buffer.concat(Array.from({ length: COPIES }, () => period));
}

/** Maximum length of a slice of {@link bytesAt}, in bytes. */
export const MAX_SLICE = PERIOD * (COPIES - 1);

/**
 * Returns the bytes of any object from a position. They are a view of a shared buffer: do not write to them.
 *
 * @param length at most {@link MAX_SLICE}
 */
export function bytesAt(position: number, length: number): Buffer {
  const start = position % PERIOD;
  return PATTERN.subarray(start, start + length);
}
