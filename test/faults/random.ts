/** Draws that a seed repeats, on every machine. */
export interface Random {
  /** A whole number, both ends inclusive. */
  int(from: number, to: number): number;
  chance(probability: number): boolean;
  /** @throws RangeError for an empty list */
  pick<T>(list: readonly T[]): T;
}

/** Several numbers name one sequence: a schedule's seed, the download, the storage request. Theirs are independent. */
export function random(...seeds: readonly number[]): Random {
  const draw = mulberry32(seeds.reduce((state, seed) => mix(Math.imul(state, 31) + seed), 0));
  const int = (from: number, to: number) => from + Math.floor((draw() / 2 ** 32) * (to - from + 1));
  return {
    int,
    chance: (probability) => draw() < probability * 2 ** 32,
    pick(list) {
      for (const picked of list.slice(int(0, list.length - 1))) return picked;
      throw new RangeError('nothing to pick from');
    },
  };
}

/** 32 bits a call. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

function mix(value: number): number {
  const mixed = Math.imul(value ^ (value >>> 16), 0x45d9f3b);
  return Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b);
}

const NOISE_BYTES = 4 * 1024 * 1024;

/** Drawn once. Objects are windows on it, so that a thousand schedules of objects cost nothing to make. */
const noise = new Uint8Array(Uint32Array.from({ length: NOISE_BYTES / 4 }, mulberry32(1)).buffer);

/** Bytes that do not repeat: of a wrong offset or version they can never pass for the right ones. */
export function drawBytes({ int }: Random, length: number): Uint8Array {
  const start = int(0, NOISE_BYTES - length);
  return noise.subarray(start, start + length);
}

/** As many bytes as asked, more than {@link drawBytes} has. */
export function longBytes(length: number): Uint8Array {
  return new Uint8Array(Uint32Array.from({ length: Math.ceil(length / 4) }, mulberry32(2)).buffer, 0, length);
}
