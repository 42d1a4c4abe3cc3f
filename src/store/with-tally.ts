import type { ObjectStore } from './object-store.ts';
import type { Tally } from './tally.ts';

/** The same store, whose calls are all on this tally, and defer what outlasts them. */
export function withTally(store: ObjectStore, tally: Tally, defer: (work: Promise<unknown>) => void): ObjectStore {
  return {
    head: (key, options) => store.head(key, { ...options, tally, defer }),
    read: (key, options) => store.read(key, { ...options, tally, defer }),
  };
}
