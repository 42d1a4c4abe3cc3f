/** Lets work in, in the order it came, and holds up what there is no room for. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/** @param room works at once */
export function makeGate(room: number): Gate {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (inside < room) inside++;
    // Who leaves gives its place to the one that wakes up here, so `inside` stays.
    else await new Promise<void>((resolve) => void waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) inside--;
      else next();
    }
  };
}
