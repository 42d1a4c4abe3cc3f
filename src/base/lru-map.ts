/** A map of a bounded number of entries. */
export interface LruMap<Value> {
  /** The value of a key, which from then on is the one used last. */
  get(key: string): Value | undefined;
  /** Keeps a value, and forgets the one that was used longest ago where there are too many. */
  set(key: string, value: Value): void;
  delete(key: string): void;
  clear(): void;
}

/**
 * Makes a map that forgets the entry that was used longest ago. For a few small values; a cache that counts bytes has
 * `lru-cache`, which is too large for a Worker.
 *
 * @param capacity entries at the most, at least 1
 */
export function lruMap<Value extends {}>(capacity: number): LruMap<Value> {
  // A Map keeps the order in which keys were added.
  const entries = new Map<string, Value>();
  const set = (key: string, value: Value): void => {
    entries.delete(key);
    entries.set(key, value);
    if (entries.size > capacity) for (const oldest of entries.keys()) return void entries.delete(oldest);
  };
  return {
    get(key) {
      const value = entries.get(key);
      if (value !== undefined) set(key, value);
      return value;
    },
    set,
    delete: (key) => void entries.delete(key),
    clear: () => entries.clear(),
  };
}
