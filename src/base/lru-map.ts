/** A map with a bounded number of entries that evicts the least recently used one. */
export interface LruMap<Value> {
  /** Returns the value of a key, and marks it as the most recently used. */
  get(key: string): Value | undefined;
  /** Stores a value. If there are too many entries, evicts the least recently used one. */
  set(key: string, value: Value): void;
  delete(key: string): void;
  clear(): void;
}

/**
 * Makes a map that evicts its least recently used entry. It is meant for a few small values. A cache with a byte budget
 * uses the package `lru-cache`, which is too large for a Worker.
 *
 * @param capacity most entries, at least 1
 */
export function lruMap<Value extends {}>(capacity: number): LruMap<Value> {
  // A Map iterates in insertion order, so its first key is the least recently used one.
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
