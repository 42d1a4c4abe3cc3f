/** Numbers that only look random: the same for the same seed, on every machine. */
export interface Random {
  /** A whole number from 0 up to, not including, `limit`, which is at most 2^53. */
  below(limit: number): number;
  /** True once in `times`. */
  oneIn(times: number): boolean;
  /** One of the list, which has at least one. */
  pick<T>(list: readonly T[]): T;
}

/** The numbers of one case: any case can be made again without those before it (sfc32, mixed by hand). */
export function randomOf(seed: number, index: number): Random {
  let a = seed | 0;
  let b = Math.imul(index + 1, 0x9e3779b1);
  let c = Math.imul(index ^ seed, 0x85ebca6b);
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  const below = (limit: number): number => {
    if (limit <= 0x100000000) return Math.floor((next() / 0x100000000) * limit);
    return ((next() & 0x1fffff) * 0x100000000 + next()) % limit;
  };
  return {
    below,
    oneIn: (times) => below(times) === 0,
    pick(list) {
      const found = list.at(below(list.length));
      if (found === undefined) throw new Error('nothing to pick from');
      return found;
    },
  };
}

/** Where a run starts. Any other by the environment variable RANGEWAY_FUZZ_SEED. */
export function chooseSeed(): number {
  const given = process.env['RANGEWAY_FUZZ_SEED'];
  return given === undefined ? Math.floor(Math.random() * 0x100000000) : Number(given);
}

/** How many cases to run: what the environment variable says, else `otherwise`. */
export function chooseCount(variable: string, otherwise: number): number {
  const given = process.env[variable];
  return given === undefined ? otherwise : Number(given);
}
