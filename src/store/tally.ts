import type { ObjectStore } from './object-store.ts';

/** What one request has cost. Whoever spends adds to it: a driver its operations, a wrapper what it did besides. */
export interface Tally {
  /** Operations of the storage, as it would bill them; what an SDK tries again by itself is not seen here. */
  operations: number;
  /** Bodies that broke and were read on. */
  continued: number;
}

/** A tally of nothing yet. */
export function newTally(): Tally {
  return { operations: 0, continued: 0 };
}

/** Counts one operation of a storage, about to be made. */
export function countOperation({ tally }: { readonly tally?: Tally | undefined }): void {
  if (tally !== undefined) tally.operations++;
}

/** The same store, whose calls are all on this tally. */
export function withTally(store: ObjectStore, tally: Tally): ObjectStore {
  return {
    head: (key, options) => store.head(key, { ...options, tally }),
    read: (key, options) => store.read(key, { ...options, tally }),
  };
}
