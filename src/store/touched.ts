import type { BlockRange } from '../cache/grid.ts';
import type { PinnedObject } from './block-source.ts';

/** Remembers which blocks were asked for once, so that only those that are asked for again are cached for a few bytes. */
export interface Touched {
  /** Whether all these blocks were touched before; they are from now on. */
  all(object: PinnedObject, blocks: BlockRange): boolean;
}

/** Blocks remembered at once: some 2 MB. */
const CAPACITY = 20_000;

/** Makes a memory that forgets what was touched first. */
export function makeTouched(): Touched {
  const names = new Set<string>();
  return {
    all({ key, representation }, { start, end }) {
      let areTouched = true;
      for (let index = start; index < end; index++) {
        // The tag of a version has no space in it, so no two blocks share a name.
        const name = `${index} ${representation.etag.opaque} ${key}`;
        areTouched &&= names.has(name);
        names.delete(name);
        names.add(name);
      }
      if (names.size > CAPACITY) forget(names);
      return areTouched;
    },
  };
}

/** The first, until there are no more than there is room for. */
function forget(names: Set<string>): void {
  for (const name of names) {
    names.delete(name);
    if (names.size === CAPACITY) return;
  }
}
