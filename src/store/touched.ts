import type { BlockRange } from '../cache/grid.ts';
import type { PinnedObject } from './block-source.ts';

/** Remembers which blocks were asked for once, so that only those that are asked for again are cached for a few bytes. */
export interface Touched {
  /** Whether all these blocks were touched before; they are from now on. */
  all(object: PinnedObject, blocks: BlockRange): boolean;
}

/** Blocks remembered at least; twice as many at the most, some 2 MB. */
const CAPACITY = 10_000;

/**
 * Makes a memory that forgets what was touched longest ago, a generation at a time: a list in the order of the last
 * touch would be changed by each request, and hits in memory are many.
 */
export function makeTouched(): Touched {
  let recent = new Set<string>();
  let before = new Set<string>();

  function touch(name: string): boolean {
    if (recent.has(name)) return true;
    const wasTouched = before.has(name);
    recent.add(name);
    if (recent.size >= CAPACITY) {
      before = recent;
      recent = new Set();
    }
    return wasTouched;
  }

  return {
    all({ key, representation }, { start, end }) {
      let areTouched = true;
      // The tag of a version has no space in it, so no two blocks share a name.
      for (let index = start; index < end; index++) {
        const wasTouched = touch(`${index} ${representation.etag.opaque} ${key}`);
        areTouched &&= wasTouched;
      }
      return areTouched;
    },
  };
}
