/** Counts the requests in work, and lets in no more than there is room for. */
export interface Turnstile {
  /** @returns whether there was room; who got in has to leave, once. */
  enter(): boolean;
  leave(): void;
}

/** @param room requests at once; `undefined` for any number */
export function makeTurnstile(room: number | undefined): Turnstile {
  let inside = 0;
  return {
    enter() {
      if (room !== undefined && inside >= room) return false;
      inside++;
      return true;
    },
    leave() {
      inside--;
    },
  };
}
