/** Room for so much of something at once. */
export interface Room {
  /** Whether there is room for so much more. */
  has(amount: number): boolean;
  /** @returns gives it back, once; `undefined` where there is no room */
  take(amount: number): (() => void) | undefined;
}

/** Makes a room that is empty. */
export function makeRoom(capacity: number): Room {
  let taken = 0;
  const has = (amount: number) => taken + amount <= capacity;
  return {
    has,
    take(amount) {
      if (!has(amount)) return undefined;
      taken += amount;
      let isHeld = true;
      return () => {
        if (isHeld) taken -= amount;
        isHeld = false;
      };
    },
  };
}
